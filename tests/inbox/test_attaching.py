"""Files an agent chooses: what becomes of them, and why some are refused."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from tests.factories import change, make_interaction, make_meta_account
from tests.support import files
from webapp import media_store
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import attaching
from webapp.inbox.attaching import Upload
from webapp.inbox.media_models import Attachment
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def folder(app, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.config, "MEDIA_DIR", tmp_path)
        yield tmp_path


@pytest.fixture
def talk(folder, queue, ana):
    return make_interaction(make_meta_account(queue), owner=ana, queue=queue)


def attach(talk, ana, content, name, mime_type="", **more):
    return attaching.attach(talk, ana, Upload(io.BytesIO(content), name, mime_type, **more))


def refused(talk, ana, *file, **more):
    with pytest.raises(ValueError) as error:
        attach(talk, ana, *file, **more)
    assert db.session.query(Attachment).count() == 0
    return str(error.value)


def kept(attachment):
    with media_store.open(attachment.storage_key) as content:
        return content.read()


def stored(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_picture_the_provider_takes_stays_as_it_is(talk, ana):
    found = attach(talk, ana, files.picture(), "lamp.jpg", "image/jpeg")
    assert (found.kind, found.mime_type, found.filename) == ("image", "image/jpeg", "lamp.jpg")
    assert (found.width, found.height, found.size) == (1200, 800, len(files.picture()))
    assert kept(found) == files.picture()
    assert found.thumbnail_key


@pytest.mark.parametrize(
    ("form", "mime_type"),
    [("BMP", "image/bmp"), ("WEBP", "image/webp"), ("GIF", "image/gif"), ("TIFF", "image/tiff"),
     ("AVIF", "image/avif")],
)  # fmt: skip
def test_a_picture_of_another_type_is_converted(talk, ana, form, mime_type):
    found = attach(talk, ana, files.picture(form), "drawing.old", mime_type)
    assert (found.kind, found.mime_type, found.filename) == ("image", "image/jpeg", "drawing.jpg")
    assert Image.open(io.BytesIO(kept(found))).format == "JPEG"


def test_a_picture_one_sees_through_becomes_png(talk, ana):
    content = files.picture("WEBP", mode="RGBA")
    found = attach(talk, ana, content, "logo.webp", "image/webp")
    assert (found.mime_type, found.filename) == ("image/png", "logo.png")


def test_a_converted_picture_stands_upright_and_tells_no_place(talk, ana):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "A camera"
    found = attach(talk, ana, files.picture("TIFF", exif=exif), "scan.tif", "image/tiff")
    sent = Image.open(io.BytesIO(kept(found)))
    assert sent.size == (800, 1200)
    assert dict(sent.getexif()) == {}


def test_a_picture_with_too_many_bytes_is_made_smaller(talk, ana):
    content = files.noise((3200, 3200))
    assert len(content) > 5 * 1024 * 1024
    found = attach(talk, ana, content, "photo.jpg", "image/jpeg")
    assert found.size <= 5 * 1024 * 1024


def test_a_damaged_picture_is_refused_in_words(talk, ana, folder):
    content = files.picture("BMP")[:2000]
    assert "may be damaged" in refused(talk, ana, content, "drawing.bmp", "image/bmp")
    assert stored(folder) == []


def test_webp_of_a_stickers_measure_goes_as_a_sticker(talk, ana):
    content = files.picture("WEBP", (512, 512))
    found = attach(talk, ana, content, "smile.webp", "image/webp")
    assert (found.kind, found.mime_type) == ("sticker", "image/webp")
    assert kept(found) == content


def test_a_document_too_large_is_refused_in_words(talk, ana, folder):
    content = b"%PDF-1.4\n" + bytes(100 * 1024 * 1024)
    said = refused(talk, ana, content, "plan.pdf", "application/pdf")
    assert said == "WhatsApp takes files up to 100 MB. Send a link or a smaller file."
    assert stored(folder) == []


def test_a_video_too_large_is_refused_with_both_sizes(talk, ana, folder):
    content = files.MP4 + bytes(16 * 1024 * 1024)
    said = refused(talk, ana, content, "film.mp4", "video/mp4")
    assert "takes videos up to 16 MB; this has 17 MB. Send a link or a smaller file." in said
    assert stored(folder) == []


def test_a_video_of_another_type_is_refused_with_those_that_go(talk, ana):
    said = refused(talk, ana, files.MOV, "film.mov", "video/quicktime")
    assert "takes videos as MP4 or 3GP; this is MOV." in said


def test_the_type_is_told_by_the_name_where_the_browser_knows_none(talk, ana):
    found = attach(talk, ana, files.PDF, "bill.pdf")
    assert (found.kind, found.mime_type) == ("document", "application/pdf")


def test_a_file_that_is_not_what_it_says_is_refused(talk, ana):
    assert "this is MP4" in refused(talk, ana, b"<html><script>", "film.mp4", "video/mp4")


def test_an_empty_file_is_refused(talk, ana):
    assert refused(talk, ana, b"", "notes.txt", "text/plain") == "This file is empty."


def test_a_recording_is_a_voice_message_with_its_length(talk, ana):
    found = attach(talk, ana, files.voice_note(17), "voice.ogg", "audio/ogg", voice=True)
    assert (found.kind, found.seconds) == ("voice", 17)
    assert found.mime_type == "audio/ogg; codecs=opus"


def test_a_recording_that_is_no_opus_is_refused(talk, ana):
    said = refused(talk, ana, b"RIFF" + bytes(90), "voice.ogg", "audio/ogg", voice=True)
    assert said == "This recording is damaged. Record it again."


def test_sound_files_are_audio_not_voice(talk, ana):
    found = attach(talk, ana, files.voice_note(9), "jingle.ogg", "audio/ogg")
    assert (found.kind, found.mime_type, found.seconds) == ("audio", "audio/ogg", 9)


def test_a_name_with_folders_loses_them(talk, ana):
    assert attach(talk, ana, files.PDF, "../../etc/bill.pdf").filename == "bill.pdf"


def test_what_is_discarded_is_gone_from_the_store(talk, ana, folder):
    found = attach(talk, ana, files.picture(), "lamp.jpg", "image/jpeg")
    with unit_of_work():
        attaching.discard(db.session.get(Attachment, found.id))
    assert db.session.query(Attachment).count() == 0
    assert stored(folder) == []


def test_what_nobody_sent_for_a_day_is_swept_away(talk, ana, folder):
    old = attach(talk, ana, files.picture(), "old.jpg", "image/jpeg")
    new = attach(talk, ana, files.PDF, "new.pdf")
    change(old, created_at=utcnow() - timedelta(hours=25))
    with unit_of_work():
        assert attaching.sweep() == 1
    assert [row.id for row in db.session.query(Attachment)] == [new.id]
    assert len(stored(folder)) == 1


def test_a_large_file_never_stands_in_memory_whole(talk, ana):
    class Watched(io.BytesIO):
        largest = 0

        def read(self, size=-1):
            piece = super().read(size)
            Watched.largest = max(Watched.largest, len(piece))
            return piece

    content = Watched(b"%PDF-1.4\n" + bytes(20 * 1024 * 1024))
    attaching.attach(talk, ana, Upload(content, "plan.pdf", "application/pdf"))
    assert Watched.largest <= 1024 * 1024
