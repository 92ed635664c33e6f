"""Files, places, contacts and reactions through the door."""

import io
import re

import pytest
import time_machine

from tests.factories import change, make_account, make_interaction, make_message, make_meta_account
from tests.support import files
from webapp import media_store
from webapp.extensions import db
from webapp.inbox import signed_files
from webapp.inbox.media_models import Attachment, Media
from webapp.inbox.models import Message

PART = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def folder(app, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.config, "MEDIA_DIR", tmp_path)
        yield tmp_path


@pytest.fixture
def talk(queue, ana):
    return make_interaction(make_meta_account(queue), owner=ana, queue=queue)


def attach(browser, talk, content=None, name="lamp.jpg", mime="image/jpeg", **more):
    content = files.picture() if content is None else content
    data = {"file": (io.BytesIO(content), name, mime), **more}
    return browser.post(
        f"/inbox/{talk.id}/attach", data=data, headers=PART, content_type="multipart/form-data"
    )


def attached(browser, talk, *file, **more):
    answer = attach(browser, talk, *file, **more)
    assert answer.status_code == 201, answer.text
    return int(re.search(r'data-attachment="(\d+)"', answer.text)[1])


def send(browser, talk, number, key="f1", **more):
    values = {"attachment": number, "client_key": key, **more}
    return browser.post(f"/inbox/{talk.id}/file", data=values, headers=PART)


def test_a_file_is_attached_and_sent(sign_in, talk, ana):
    browser = sign_in(ana)
    number = attached(browser, talk)
    answer = send(browser, talk, number, caption="The *blue* one")
    assert answer.status_code == 200
    assert "<strong>blue</strong>" in answer.text
    media = db.session.query(Media).one()
    assert f"/media/{media.id}/thumbnail" in answer.text
    shown = browser.get(f"/media/{media.id}")
    assert (shown.mimetype, shown.data) == ("image/jpeg", files.picture())
    part = browser.get(f"/media/{media.id}", headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.data) == (206, b"\xff\xd8")


def test_the_answer_names_the_file_and_what_became_of_it(sign_in, talk, ana):
    content = files.noise((3200, 3200))
    answer = attach(sign_in(ana), talk, content)
    assert "made smaller from" in answer.text
    assert 'aria-label="Caption for lamp.jpg"' in answer.text


def test_what_the_provider_would_not_take_is_answered_in_a_sentence(sign_in, talk, ana):
    answer = attach(sign_in(ana), talk, files.MOV, "film.mov", "video/quicktime")
    assert (answer.status_code, answer.mimetype) == (422, "text/plain")
    assert "takes videos as MP4 or 3GP; this is MOV." in answer.text


def test_forty_megabytes_fit_through_the_door(sign_in, talk, ana):
    content = b"%PDF-1.4\n" + bytes(40 * 1024 * 1024)
    attached(sign_in(ana), talk, content, "plan.pdf", "application/pdf")


def test_what_is_larger_than_whatsapp_allows_stays_outside(sign_in, talk, ana):
    content = b"%PDF-1.4\n" + bytes(101 * 1024 * 1024)
    assert attach(sign_in(ana), talk, content, "plan.pdf", "application/pdf").status_code == 413


def test_other_forms_stay_as_small_as_before(sign_in, talk, ana):
    data = {"file": (io.BytesIO(bytes(31 * 1024 * 1024)), "a"), "client_key": "k", "text": "x"}
    answer = sign_in(ana).post(f"/inbox/{talk.id}/reply", data=data, headers=PART)
    assert answer.status_code == 413


def test_a_recording_is_sent_as_a_voice_message(sign_in, talk, ana):
    browser = sign_in(ana)
    number = attached(browser, talk, files.voice_note(17), "voice.ogg", "audio/ogg", voice="yes")
    answer = send(browser, talk, number)
    assert "data-voice" in answer.text and "0:17" in answer.text
    assert db.session.query(Message).filter_by(kind="voice").one().text == ""


def test_only_the_owner_attaches_and_sends(sign_in, talk, ana, ben, otto):
    number = attached(sign_in(ana), talk)
    assert attach(sign_in(ben), talk).status_code == 403
    assert attach(sign_in(otto), talk).status_code == 404
    assert send(sign_in(ben), talk, number).status_code == 403
    assert send(sign_in(otto), talk, number).status_code == 404


def test_a_file_goes_only_where_it_was_attached_and_by_whom(sign_in, talk, queue, ana, sara):
    browser = sign_in(ana)
    number = attached(browser, talk)
    other = make_interaction(make_account(queue, "meta"), owner=ana, queue=queue)
    assert send(browser, other, number).status_code == 422
    hers = make_interaction(make_account(queue, "meta"), owner=sara, queue=queue)
    assert send(sign_in(sara), hers, number).status_code == 422
    assert sign_in(sara).get(f"/inbox/attachments/{number}/thumbnail").status_code == 404
    assert sign_in(sara).post(f"/inbox/attachments/{number}/discard").status_code == 404


def test_a_file_can_be_looked_at_and_thrown_away_before_it_is_sent(sign_in, talk, ana, folder):
    browser = sign_in(ana)
    number = attached(browser, talk)
    assert browser.get(f"/inbox/attachments/{number}/thumbnail").mimetype == "image/webp"
    assert browser.post(f"/inbox/attachments/{number}/discard").status_code == 204
    assert db.session.query(Attachment).count() == 0
    assert browser.get(f"/inbox/attachments/{number}/thumbnail").status_code == 204
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_place_is_sent(sign_in, talk, ana):
    values = {"where": "41.1496, -8.6110", "name": "Branch", "address": "", "client_key": "l1"}
    answer = sign_in(ana).post(f"/inbox/{talk.id}/location", data=values, headers=PART)
    assert "Branch" in answer.text and "mlat=41.1496" in answer.text


def test_a_place_nobody_can_find_is_refused_in_words(sign_in, talk, ana):
    values = {"where": "Harbour Street", "client_key": "l1"}
    answer = sign_in(ana).post(f"/inbox/{talk.id}/location", data=values, headers=PART)
    assert (answer.status_code, db.session.query(Message).count()) == (422, 0)
    assert "Paste a map link" in answer.text


def test_a_contact_is_shared(sign_in, talk, ana):
    values = {"name": "Priya", "phone": "+351 912 345 678", "client_key": "c1"}
    answer = sign_in(ana).post(f"/inbox/{talk.id}/contacts", data=values, headers=PART)
    assert "Priya" in answer.text and "+351 912 345 678" in answer.text


def test_a_contact_without_a_country_is_refused_in_words(sign_in, talk, ana):
    values = {"name": "Priya", "phone": "12", "client_key": "c1"}
    answer = sign_in(ana).post(f"/inbox/{talk.id}/contacts", data=values, headers=PART)
    assert answer.status_code == 422
    assert db.session.query(Message).count() == 0


def test_only_customers_one_may_see_are_offered_as_cards(sign_in, talk, ana, otto):
    found = sign_in(ana).get(f"/inbox/{talk.id}/cards?q=Whitlock", headers=PART)
    assert "Dana Whitlock" in found.text
    theirs = make_interaction(make_account(), owner=otto)
    found = sign_in(otto).get(f"/inbox/{theirs.id}/cards?q={talk.contact.phone}", headers=PART)
    assert talk.contact.phone not in found.text


def test_a_reaction_stands_under_its_message(sign_in, talk, ana):
    theirs = make_message(talk, "Here it is")
    values = {"emoji": "👍", "client_key": "r1"}
    address = f"/inbox/messages/{theirs.id}/react"
    answer = sign_in(ana).post(address, data=values, headers=PART)
    assert 'class="reactions"' in answer.text and 'data-reacted="👍"' in answer.text


def test_a_reaction_that_failed_says_so_and_stands_no_longer(sign_in, talk, ana):
    theirs = make_message(talk, "Here it is")
    browser = sign_in(ana)
    values = {"emoji": "👍", "client_key": "r1"}
    browser.post(f"/inbox/messages/{theirs.id}/react", data=values, headers=PART)
    mark = db.session.query(Message).filter_by(kind="reaction").one()
    change(mark, status="failed", error="WhatsApp did not take it")
    shown = browser.get(f"/inbox/{talk.id}/messages/{theirs.id}", headers=PART).text
    assert "Reaction not sent: WhatsApp did not take it." in shown
    assert 'class="reactions"' not in shown


def test_what_the_provider_cannot_do_is_not_offered(sign_in, queue, ana):
    talk = make_interaction(make_account(queue, "twilio"), owner=ana, queue=queue)
    make_message(talk, "Hello")
    page = sign_in(ana).get(f"/inbox/{talk.id}").text
    assert "data-react=" not in page and "send-contact" not in page
    assert "data-choose-files" in page and "send-location" in page


def test_the_page_tells_the_browser_what_the_provider_takes(sign_in, talk, ana):
    page = sign_in(ana).get(f"/inbox/{talk.id}").text
    assert "Pictures 5 MB, videos and audio 16 MB, documents 100 MB" in page
    assert "&#34;video/3gpp&#34;" in page


def signed(talk, app, mime="application/pdf", name="bill.pdf"):
    media_store.put("abc123", io.BytesIO(files.PDF))
    message = make_message(talk, "", "out", kind="document")
    media = Media(
        message_id=message.id, account_id=talk.account_id, state="ready", storage_key="abc123",
        mime_type=mime, filename=name,
    )  # fmt: skip
    db.session.add(media)
    db.session.commit()
    return signed_files.address_of(media).removeprefix(app.config["PUBLIC_URL"])


def test_a_provider_fetches_the_file_it_was_sent_without_signing_in(app, client, talk):
    answer = client.get(signed(talk, app))
    assert (answer.status_code, answer.data) == (200, files.PDF)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "bill.pdf" in answer.headers["Content-Disposition"]


def test_a_provider_may_ask_for_the_head_or_for_a_part(app, client, talk):
    address = signed(talk, app, "audio/ogg; codecs=opus", "")
    head = client.head(address)
    assert (head.status_code, head.content_length, head.data) == (200, len(files.PDF), b"")
    assert head.headers["Content-Type"] == "audio/ogg; codecs=opus"
    part = client.get(address, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"%PDF")


def test_an_address_ends_after_four_hours(app, client, talk):
    with time_machine.travel("2026-11-22 08:00", tick=False) as clock:
        address = signed(talk, app)
        clock.shift(4 * 3600)
        assert client.get(address).status_code == 200
        clock.shift(1)
        assert client.get(address).status_code == 404


def test_an_address_made_up_names_no_file(app, client, talk):
    address = signed(talk, app)
    assert client.get("/files/1").status_code == 404
    assert client.get(address.replace("/files/", "/files/x")).status_code == 404
