"""Files of customers: fetched after their message, kept safely, tried again while there is hope."""

import hashlib
import io
import json
from datetime import timedelta
from functools import partial

import pytest
from PIL import Image

from tests.factories import change, make_interaction, make_message, make_meta_account, save
from tests.support.arriving import at_once
from tests.support.files import voice_note
from tests.support.local_server import Handler, LocalServer
from webapp import media_store
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox import media
from webapp.inbox.file_types import UNKNOWN, safe_name, safe_type
from webapp.inbox.media_models import Media
from webapp.live import push
from webapp.unit_of_work import unit_of_work
from workers import inbound


def picture(size=(1200, 800), form="JPEG", **options):
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, form, **options)
    return content.getvalue()


class Files(LocalServer):
    """Meta's two steps: ask for a file's address, then download it."""

    def __init__(self):
        self.content = picture()
        self.mime_type = "image/jpeg"
        self.status = 200
        self.downloads = 0
        self.meanwhile = lambda: None
        files = self

        class Answering(Handler):
            def do_GET(self):
                if self.path.startswith("/download"):
                    files.downloads += 1
                    files.meanwhile()
                    return self.answer(files.status, files.content, files.mime_type)
                found = {
                    "url": f"{files.url}/download",
                    "mime_type": files.mime_type,
                    "sha256": hashlib.sha256(files.content).hexdigest(),
                    "file_size": len(files.content),
                }
                return self.answer(200, json.dumps(found).encode(), "application/json")

            def answer(self, status, content, mime_type):
                self.send_response(status)
                self.send_header("Content-Type", mime_type)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.listen(Answering)


@pytest.fixture
def files(app, tmp_path):
    server = Files()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.config, "META_API_URL", server.url)
        patch.setitem(app.config, "MEDIA_DIR", tmp_path)
        yield server
    server.close()


@pytest.fixture
def waiting(queue, ana):
    """A picture of Dana's that is not fetched yet."""
    talk = make_interaction(make_meta_account(queue), owner=ana, queue=queue)
    message = make_message(talk, "", kind="image")
    return save(
        Media(
            message_id=message.id,
            account_id=talk.account_id,
            provider_media_id="880055",
            mime_type="image/jpeg",
        )
    )


def fetched(row):
    media.fetch(row.id)
    db.session.expire_all()
    return db.session.get(Media, row.id)


def kept(key):
    with media_store.open(key) as content:
        return content.read()


def stored(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_with_its_size_and_a_thumbnail(files, waiting):
    ready = fetched(waiting)
    assert (ready.state, ready.error, ready.mime_type) == ("ready", None, "image/jpeg")
    assert kept(ready.storage_key) == files.content
    assert (ready.width, ready.height, ready.size) == (1200, 800, len(files.content))
    assert ready.sha256 == hashlib.sha256(files.content).hexdigest()
    with Image.open(io.BytesIO(kept(ready.thumbnail_key))) as small:
        assert small.size == (480, 320)


def test_whoever_reads_the_thread_is_told(files, waiting):
    room = f"interaction:{waiting.message.interaction_id}"
    before = push.current_seq([room])[room]
    fetched(waiting)
    assert push.current_seq([room])[room] == before + 1


def test_no_transaction_is_open_during_the_download(app, files, waiting):
    def write():
        # On SQLite an open writing transaction would make this wait until it is refused.
        with app.app_context(), unit_of_work():
            db.session.get(Media, media_id).filename = "meanwhile"

    media_id, files.meanwhile = waiting.id, write
    assert fetched(waiting).filename == "meanwhile"


def test_two_jobs_fetch_once(app, files, waiting):
    at_once(app, *[partial(media.fetch, waiting.id)] * 3)
    assert files.downloads == 1
    assert db.session.get(Media, waiting.id).state == "ready"


def test_the_job_fetches(files, waiting):
    inbound.fetch_media(waiting.id)
    db.session.expire_all()
    assert waiting.state == "ready"


def test_a_file_sent_before_the_number_moved_is_fetched_where_it_was(files, waiting):
    account = waiting.message.account
    change(
        account,
        provider="sandbox",
        former_provider="meta",
        former_credentials=account.credentials | {"phone_number_id": account.phone_number_id},
        moved_at=utcnow() + timedelta(seconds=1),
    )
    assert fetched(waiting).state == "ready"
    assert files.downloads == 1


def test_a_refusal_for_now_is_tried_again_later(files, waiting, tmp_path):
    files.status = 503
    failed = fetched(waiting)
    assert (failed.state, failed.attempt_count) == ("pending", 1)
    assert "503" in failed.error
    assert failed.next_attempt_at > utcnow()
    assert media.due() == []
    assert stored(tmp_path) == []
    files.status = 200
    change(failed, next_attempt_at=utcnow())
    assert media.due() == [waiting.id]
    assert fetched(waiting).state == "ready"


def test_after_seven_days_nobody_tries_any_more(files, waiting):
    files.status = 503
    change(waiting, created_at=utcnow() - timedelta(days=7), next_attempt_at=utcnow())
    assert fetched(waiting).state == "failed"
    assert media.due() == []


def test_a_person_may_ask_again(files, waiting):
    change(waiting, state="failed", attempt_count=9, next_attempt_at=None, error="gone")
    with unit_of_work():
        media.fetch_again(db.session.get(Media, waiting.id))
    assert redis_clients.hasty.exists(f"wake:workers.inbound.fetch_media:{waiting.id}")
    assert fetched(waiting).state == "ready"


def test_a_store_that_is_away_loses_nothing(app, files, waiting, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    app.config["MEDIA_DIR"] = blocked
    failed = fetched(waiting)
    assert (failed.state, failed.storage_key) == ("pending", None)
    assert failed.error
    app.config["MEDIA_DIR"] = tmp_path / "new"
    change(failed, next_attempt_at=utcnow())
    assert fetched(waiting).state == "ready"


def test_a_bomb_of_a_picture_is_kept_as_a_file_without_thumbnail(files, waiting):
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    files.content, files.mime_type = bomb.getvalue(), "image/png"
    ready = fetched(waiting)
    assert (ready.state, ready.thumbnail_key) == ("ready", None)


def test_half_a_picture_is_kept_without_thumbnail(files, waiting):
    files.content = picture()[:500]
    ready = fetched(waiting)
    assert (ready.state, ready.thumbnail_key) == ("ready", None)


def test_a_picture_taken_sideways_is_shown_upright(files, waiting):
    exif = Image.Exif()
    exif[0x0112] = 6
    files.content = picture(exif=exif)
    ready = fetched(waiting)
    assert (ready.width, ready.height) == (800, 1200)
    with Image.open(io.BytesIO(kept(ready.thumbnail_key))) as small:
        assert small.size == (320, 480)


def test_a_page_sent_as_a_picture_is_no_picture(files, waiting):
    files.content = b"<html><script>alert(1)</script></html>"
    ready = fetched(waiting)
    assert (ready.state, ready.mime_type, ready.thumbnail_key) == ("ready", UNKNOWN, None)


@pytest.mark.parametrize(
    ("declared", "head", "served"),
    [
        ("image/png", b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'>", UNKNOWN),
        ("text/html", b"hello", UNKNOWN),
        ("audio/ogg; codecs=opus", b"OggS\x00\x02" + bytes(20) + b"OpusHead", "audio/ogg"),
        ("audio/amr", b"#!AMR\n", "audio/amr"),
        ("video/mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "video/mp4"),
        ("application/pdf", b"%PDF-1.4\n", "application/pdf"),
        ("application/pdf", b"<html><script>", UNKNOWN),
        ("application/pdf\r\nSet-Cookie: a=b", b"%PDF-1.4\n", UNKNOWN),
        ("text/plain", b"hello", "text/plain"),
        (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            b"PK\x03\x04",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
)
def test_a_file_is_served_as_what_its_bytes_allow(declared, head, served):
    assert safe_type(declared, head) == served


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("receipt 2026-11 (copy).pdf", "receipt 2026-11 (copy).pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\bill.pdf", "bill.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nb\x00.pdf", "ab.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("...", ""),
        ("فاتورة.pdf", "فاتورة.pdf"),
    ],
)
def test_a_file_name_is_only_a_name(given, safe):
    assert safe_name(given) == safe


def test_an_absurd_hint_ends_the_trying_instead_of_failing(files, waiting):
    with unit_of_work():
        db.session.get(Media, waiting.id).attempt_count = 1
    media._postpone(waiting.id, "Too many requests", retry_after=1e12)
    db.session.expire_all()
    assert db.session.get(Media, waiting.id).state == "failed"


CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ben Example\r\nTEL:+1 555 010 0003\r\nEND:VCARD\r\n"


@pytest.fixture
def card(files, waiting):
    """A contact that came as a file, the last thing said."""
    files.content, files.mime_type = CARD, "text/vcard"
    message = waiting.message
    change(message, kind="document")
    change(message.interaction, last_message_id=message.id)
    return waiting


def test_a_contact_that_came_as_a_file_is_shown_as_one_once_it_is_here(card):
    ready = fetched(card)
    assert (ready.state, ready.message.kind) == ("ready", "contacts")
    assert ready.message.content["contacts"][0]["name"] == "Ben Example"
    row = ready.message.interaction
    assert (row.last_kind, row.last_text) == ("contacts", "Ben Example")


def test_a_file_that_only_says_it_is_a_contact_stays_a_file(files, card):
    files.content = b"hello"
    ready = fetched(card)
    assert (ready.state, ready.message.kind) == ("ready", "document")


def test_a_voice_messages_length_stands_in_the_thread_and_in_the_list(files, waiting):
    files.content, files.mime_type = voice_note(24), "audio/ogg"
    change(waiting.message, kind="voice")
    change(waiting, mime_type="audio/ogg; codecs=opus")
    ready = fetched(waiting)
    assert ready.seconds == 24
    assert ready.message.interaction.last_text == "Voice message, 0:24"


def test_a_later_message_keeps_its_words_when_an_earlier_file_arrives(files, waiting):
    files.content, files.mime_type = voice_note(24), "audio/ogg"
    change(waiting.message, kind="voice")
    make_message(waiting.message.interaction, "Did you hear it?")
    assert fetched(waiting).message.interaction.last_text == "Did you hear it?"
