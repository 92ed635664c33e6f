"""The sandbox goes Meta's way with a secret of its own, and does as the pretend customer is set."""

import io
from datetime import UTC, datetime

import pytest

from webapp.providers import provider_for, sandbox
from webapp.providers.base import (
    BadSignature,
    Identity,
    MediaRef,
    OutcomeUnknown,
    ProviderError,
    Recipient,
    Text,
)

from .conftest import FakeAccount, webhook
from .outgoing import COMMANDS

SECRET = "sandbox-secret"
DANA = Recipient(phone="15550142233")
PICTURE = b"\x89PNG picture"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Phone:
    """Remembers what reached it."""

    def __init__(self, behaviour="read"):
        self.set_to = behaviour
        self.taken = []

    def behaviour(self, recipient):
        return self.set_to

    def accepted(self, recipient, message_id, correlation_id, command):
        self.taken.append((recipient, message_id, correlation_id, command))

    def file(self, media_id):
        return io.BytesIO(PICTURE) if media_id == "pic-1" else None


def provider(phone=None, **credentials):
    account = FakeAccount("sandbox", {"webhook_secret": SECRET, **credentials})
    return provider_for(account, {"SANDBOX_PHONE": phone})


def posted(body, secret=SECRET):
    headers = {key.lower(): value for key, value in sandbox.signed_headers(secret, body).items()}
    return webhook(body, headers)


@pytest.mark.parametrize("behaviour", ("read", "delivered", "sent", "twice"))
def test_a_message_is_taken_by_the_phone(behaviour):
    phone = Phone(behaviour)
    hello = Text(DANA, "Hello")
    sent = provider(phone).send(hello, "parley-1")
    assert phone.taken == [(DANA, sent.id, "parley-1", hello)]
    assert sent.id.startswith("sandbox.")
    assert sent.identities == (Identity("wa_id", "15550142233"),)


@pytest.mark.parametrize(
    ("code", "reason"),
    (
        ("131026", "Not reachable on WhatsApp"),
        ("131047", "More than 24 hours since this person last wrote"),
    ),
)
def test_a_refusal_is_metas_own(code, reason):
    phone = Phone(f"refused:{code}")
    with pytest.raises(ProviderError) as raised:
        provider(phone).send(Text(DANA, "Hello"), "parley-1")
    error = raised.value
    assert (error.code, error.reason, error.permanent) == (code, reason, True)
    assert not phone.taken


def test_a_phone_that_does_not_answer_has_the_message_all_the_same():
    phone = Phone("no_answer")
    with pytest.raises(OutcomeUnknown):
        provider(phone).send(Text(DANA, "Hello"), "parley-1")
    assert phone.taken[0][2] == "parley-1"


def test_a_written_text_comes_in_as_with_meta():
    body = sandbox.inbound_text_body(
        "77", "15550142233", "Hello <b>", name="Dana", message_id="m1", at=AT, reply_to="m0"
    )
    request = posted(body)
    provider().verify(request)
    (event,) = provider().parse(request)
    assert (event.id, event.text, event.sender_name) == ("m1", "Hello <b>", "Dana")
    assert (event.account_ref.phone_number_id, event.reply_to) == ("77", "m0")
    assert (event.sent_at, event.opens_window) == (AT, True)


def test_a_picture_comes_in_and_is_fetched_from_the_phone():
    body = sandbox.inbound_image_body("77", "1555", "pic-1", PICTURE, "image/png", caption="See")
    (event,) = provider().parse(posted(body))
    assert (event.kind, event.text, event.media.mime_type) == ("image", "See", "image/png")
    fetched = provider(Phone()).fetch_media(event.media)
    assert fetched.content.read() == PICTURE
    assert (fetched.size, fetched.matches) == (len(PICTURE), True)


def test_a_picture_the_phone_lost_is_gone():
    with pytest.raises(ProviderError) as raised:
        provider(Phone()).fetch_media(MediaRef("other"))
    assert raised.value.permanent


def test_a_file_waits_for_the_sandbox_to_be_switched_on_again():
    with pytest.raises(ProviderError) as raised:
        provider(None).fetch_media(MediaRef("pic-1"))
    assert (raised.value.reason, raised.value.permanent) == ("The sandbox is switched off", False)


def test_a_receipt_comes_in_with_our_correlation_id():
    body = sandbox.status_body("77", "m1", "read", "15550142233", at=AT, correlation_id="parley-1")
    (event,) = provider().parse(posted(body))
    assert (event.status, event.message_id, event.correlation_id) == ("read", "m1", "parley-1")
    assert (event.at, event.error) == (AT, None)


def test_a_failed_receipt_carries_metas_code():
    body = sandbox.status_body("77", "m1", "failed", "15550142233", code="131026")
    (event,) = provider().parse(posted(body))
    assert event.error.reason == "Not reachable on WhatsApp"


@pytest.mark.parametrize("secret", ("", "another"))
def test_another_signature_is_refused(secret):
    with pytest.raises(BadSignature):
        provider().verify(posted(b"{}", secret))


def test_the_former_secret_stays_valid():
    provider(webhook_secret="new", webhook_secret_previous=SECRET).verify(posted(b"{}"))


@pytest.mark.parametrize(("phone", "ok"), ((Phone(), True), (None, False)))
def test_the_check_says_whether_the_phone_is_there(phone, ok):
    (line,) = provider(phone).check()
    assert line.ok is ok


@pytest.mark.parametrize("kind", COMMANDS)
def test_every_kind_of_message_reaches_the_phone(kind):
    phone = Phone()
    sent = provider(phone).send(COMMANDS[kind], "parley-1")
    assert phone.taken == [(COMMANDS[kind].to, sent.id, "parley-1", COMMANDS[kind])]


def test_what_whatsapp_would_not_take_the_sandbox_refuses_too():
    phone = Phone()
    with pytest.raises(ProviderError, match="4,096"):
        provider(phone).send(Text(DANA, "x" * 4097), "parley-1")
    assert phone.taken == []
