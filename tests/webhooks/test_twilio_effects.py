"""A conversation through Twilio, both ways: its stand-in calls the door, our sender calls it."""

from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select

from tests.factories import change, make_account
from tests.support.stubs.twilio import TwilioStub, fault
from webapp.accounts.models import AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import catching_up, delivering, media, sending
from webapp.inbox.media_models import Media
from webapp.inbox.models import Interaction, Message
from webapp.providers.twilio.signing import HEADER, sign
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

CARD = b"BEGIN:VCARD\nFN:Ben Example\nTEL:+1 555 010 0003\nEND:VCARD\n"


class Twilio:
    """Twilio on this machine; what it calls goes through our own door, without a network."""

    def __init__(self, app, client, stub):
        self.public_url, self.client, self.stub = app.config["PUBLIC_URL"], client, stub
        self.account = self.answer = None
        stub.post = self.call

    def call(self, url, *, data, headers, method="POST"):
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.answer = self.client.open(path, method=method, data=data, headers=headers)
        return self.answer.status_code

    @property
    def url(self):
        return self.public_url + self.account.webhook_path

    def says(self, text="", **more):
        status = self.stub.say(self.url, text, **more)
        self.drain()
        return status

    def reports(self, status, **more):
        self.stub.receipt(self.url, self.stub.taken[-1], status, **more)
        self.drain()

    def drain(self):
        draining.drain(self.account.id)
        db.session.expire_all()

    def send(self):
        delivering.drain(self.account.id)
        db.session.expire_all()


@pytest.fixture
def twilio(app, client, queue, tmp_path):
    stub = TwilioStub()
    talking = Twilio(app, client, stub)
    credentials = {name: stub.secrets[name] for name in ("account_sid", "auth_token")}
    talking.account = make_account(
        queue, provider="twilio", phone=stub.secrets["phone"], credentials=credentials
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stub.environment().items():
            patch.setitem(app.config, name, value)
        patch.setitem(app.config, "MEDIA_DIR", tmp_path)
        yield talking
    stub.close()
    assert stub.broken_rules == []


@pytest.fixture
def talk(twilio, ana):
    """Ann has written and Ana has taken it."""
    twilio.says("Hello")
    return change(db.session.query(Interaction).one(), owner_id=ana.id, state="assigned")


def messages():
    db.session.rollback()
    return db.session.scalars(select(Message).order_by(Message.id)).all()


def written(talk, ana, text="Hi Ann"):
    with unit_of_work():
        return sending.write(talk, ana, text, f"key-{text}").id


def test_a_customers_message_is_answered_with_an_empty_document(twilio):
    assert twilio.says("Hello 👋") == 200
    assert twilio.answer.mimetype == "text/xml"
    assert twilio.answer.text.endswith("<Response/>")
    (message,) = messages()
    assert (message.text, message.kind, message.direction) == ("Hello 👋", "text", "in")
    assert message.contact.display_name == "Ann Example"
    assert {identity.value for identity in message.contact.identities} == {"15550100002"}


def test_a_message_by_get_arrives_alike(twilio):
    url = f"{twilio.url}?{urlencode(twilio.stub.written('Hello + 1'))}"
    headers = {HEADER: sign(twilio.stub.secrets["auth_token"], url)}
    assert twilio.call(url, data=None, headers=headers, method="GET") == 200
    twilio.drain()
    assert [message.text for message in messages()] == ["Hello + 1"]


def test_what_is_signed_for_another_address_is_refused(twilio):
    fields = twilio.stub.written("Hello")
    headers = {HEADER: sign(twilio.stub.secrets["auth_token"], twilio.url, fields.items())}
    assert twilio.call(twilio.url + "?c=1", data=fields, headers=headers) == 403
    assert twilio.call(twilio.url, data=fields, headers=headers) == 200


def test_a_proxy_that_changes_the_host_does_not_matter(twilio):
    fields = twilio.stub.written("Hello")
    headers = {HEADER: sign(twilio.stub.secrets["auth_token"], twilio.url, fields.items())}
    headers |= {"Host": "10.0.0.7:8000", "X-Forwarded-Proto": "gopher"}
    assert twilio.call(twilio.url, data=fields, headers=headers) == 200


def test_twilios_word_that_the_window_is_over_closes_it(twilio, talk, ana):
    message_id = written(talk, ana)
    twilio.stub.fail_next(400, fault(63016))
    twilio.send()
    failed = db.session.get(Message, message_id)
    assert (failed.status, failed.error_code) == ("failed", "63016")
    assert failed.interaction.window_expires_at <= utcnow()


def test_a_wrong_token_keeps_the_messages_and_stops_the_account(twilio, talk, ana):
    message_id = written(talk, ana)
    twilio.stub.secrets["auth_token"] = "another"
    twilio.send()
    assert db.session.get(Message, message_id).status == "queued"
    assert db.session.get(AccountHealth, twilio.account.id).stopped_at


def test_what_was_missed_comes_once_and_is_not_poorer_for_it(twilio):
    twilio.says("Came")
    twilio.says("Lost", lost=True, at=utcnow() - timedelta(minutes=5))
    change(twilio.account, created_at=utcnow() - timedelta(days=1))
    for _ in range(2):
        catching_up.fetch_missed(twilio.account.id)
        twilio.drain()
        with unit_of_work():
            db.session.query(AccountHealth).update({"next_look_at": None})
    assert sorted(message.text for message in messages()) == ["Came", "Lost"]


def test_a_contact_becomes_one_when_its_file_is_here(twilio):
    twilio.says(file=(CARD, "text/vcard"), MessageType="contacts")
    (message,) = messages()
    assert (message.kind, message.media.filename) == ("document", "contact.vcf")
    media.fetch(db.session.scalar(select(Media.id)))
    (message,) = messages()
    assert (message.kind, message.text) == ("contacts", "Ben Example")


def test_who_stopped_us_at_twilio_is_opted_out(twilio, talk, ana):
    written(talk, ana)
    twilio.send()
    twilio.reports("undelivered", code=63033)
    (_, message) = messages()
    assert (message.status, message.error_code) == ("failed", "63033")
    assert message.contact.opted_out_at is not None


def test_whoever_twilio_cannot_find_on_whatsapp_is_marked_until_they_write(twilio, talk, ana):
    message_id = written(talk, ana)
    twilio.stub.fail_next(400, fault(63003))
    twilio.send()
    contact = db.session.get(Message, message_id).contact
    assert contact.unreachable_at is not None
    twilio.says("Here I am")
    assert contact.unreachable_at is None


def test_a_report_that_they_are_not_on_whatsapp_marks_them(twilio, talk, ana):
    message_id = written(talk, ana)
    twilio.send()
    twilio.reports("undelivered", code=63024)
    assert db.session.get(Message, message_id).contact.unreachable_at is not None
