"""What every provider promises, the same for all of them."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from webapp.providers import PROVIDERS, provider_for, sandbox
from webapp.providers.base import (
    BadSignature,
    CheckLine,
    InboundMessage,
    ProviderError,
    Recipient,
    Text,
    Unsupported,
)
from webapp.providers.signing import sign

from .conftest import META_CREDENTIALS, FakeAccount, payload, webhook
from .kaleyra_bodies import KALEYRA_CREDENTIALS, kaleyra_signed
from .sinch_bodies import SINCH_CREDENTIALS, sinch_signed
from .twilio_bodies import TWILIO_CREDENTIALS, twilio_body, twilio_signed


def signed_in(header, secret, body, wrong=""):
    """As providers sign that put a digest of the body into one header."""
    return webhook(body, {header: sign(wrong or secret, body)})


# `sign(body, wrong=secret)` gives the webhook as the provider would send it, signed with the
# account's secret or with a wrong one; `header` is where the signature stands.
SAMPLES = {
    "meta": {
        "credentials": META_CREDENTIALS,
        "body": payload("message_text"),
        "header": "x-hub-signature-256",
        "sign": partial(signed_in, "x-hub-signature-256", META_CREDENTIALS["app_secret"]),
    },
    "twilio": {
        "credentials": TWILIO_CREDENTIALS,
        "body": twilio_body("inbound_text"),
        "header": "x-twilio-signature",
        "sign": twilio_signed,
    },
    "sinch": {
        "credentials": SINCH_CREDENTIALS,
        "body": payload("inbound_text", "sinch"),
        "header": "x-sinch-webhook-signature",
        "sign": sinch_signed,
    },
    "kaleyra": {
        "credentials": KALEYRA_CREDENTIALS,
        "body": payload("v2_text", "kaleyra"),
        "header": "x-webhook-token",
        "sign": kaleyra_signed,
    },
    "sandbox": {
        "credentials": {"webhook_secret": "s3cret"},
        "body": sandbox.inbound_text_body("77", "15550142233", "Hi"),
        "header": "x-parley-signature-256",
        "sign": partial(signed_in, "x-parley-signature-256", "s3cret"),
    },
}
SIGN_NOTHING = {"kaleyra"}  # a secret comes along, whatever the body says
NOBODY = "http://127.0.0.1:1"
SETTINGS = {
    "META_API_URL": NOBODY,
    "META_API_VERSION": "v26.0",
    "TWILIO_API_URL": NOBODY,
    "TWILIO_CONTENT_API_URL": NOBODY,
    "SINCH_API_URL": NOBODY,
    "SINCH_AUTH_URL": NOBODY,
    "KALEYRA_API_URL": NOBODY,
    "PHONE": "15550100001",
}


@pytest.fixture(params=sorted(PROVIDERS))
def sample(request):
    return SimpleNamespace(name=request.param, **SAMPLES[request.param])


@pytest.fixture
def provider(sample):
    return provider_for(FakeAccount(sample.name, dict(sample.credentials)), SETTINGS)


def test_every_provider_has_its_samples():
    assert set(SAMPLES) == set(PROVIDERS)


def test_its_own_signature_is_accepted(sample, provider):
    provider.verify(sample.sign(sample.body))


def test_any_other_signature_is_refused(sample, provider):
    good = sample.sign(sample.body)
    signature = good.headers[sample.header]
    for request in (
        replace(good, headers={}),
        replace(good, headers={**good.headers, sample.header: ""}),
        replace(good, headers={**good.headers, sample.header: signature.partition("=")[2]}),
        sample.sign(sample.body, wrong="another"),
        *([] if sample.name in SIGN_NOTHING else [replace(good, body=good.body + b" ")]),
    ):
        with pytest.raises(BadSignature):
            provider.verify(request)


def test_without_credentials_nothing_is_accepted(sample):
    provider = provider_for(FakeAccount(sample.name, {}), SETTINGS)
    with pytest.raises(BadSignature):
        provider.verify(sample.sign(sample.body))
    assert provider.handshake(webhook(method="GET", query={"hub.mode": "subscribe"})) is None


def test_a_message_is_parsed_and_keeps_its_raw_form(sample, provider):
    (event,) = provider.parse(sample.sign(sample.body))
    assert isinstance(event, InboundMessage)
    assert event.raw
    assert event.sent_at.tzinfo is not None


def test_the_same_body_gives_the_same_events(sample, provider):
    assert provider.parse(sample.sign(sample.body)) == provider.parse(sample.sign(sample.body))


@pytest.mark.parametrize("body", (b"", b"nonsense", b"[" * 100_000, b"\x00"))
def test_what_cannot_be_read_is_kept(provider, body):
    (event,) = provider.parse(webhook(body))
    assert isinstance(event, Unsupported)


def test_a_command_it_does_not_know_is_refused_for_good(provider):
    with pytest.raises(ProviderError) as raised:
        provider.send(SimpleNamespace(to=Recipient(phone="1555")), "parley-1")
    assert raised.value.permanent


def test_it_sends_what_it_says_it_sends(provider):
    assert "text" in provider.can.kinds
    assert Text(Recipient(phone="1"), "x").preview_url


def test_its_form_fields_are_named_and_its_secrets_marked(sample, provider):
    names = [field.name for field in provider.form_fields]
    assert len(set(names)) == len(names)
    for field in provider.form_fields:
        assert field.label
        assert not field.rotates or f"{field.name}_previous" not in names
        if field.name.endswith(("token", "secret")) and not field.generated:
            assert field.secret


def test_the_check_answers_in_lines(provider):
    lines = provider.check()
    assert lines
    assert all(isinstance(line, CheckLine) and line.message for line in lines)
    assert all(line.action for line in lines if line.ok is not True)


def test_plain_settings_may_stand_beside_the_secrets():
    account = SimpleNamespace(
        provider="meta",
        credentials={"access_token": "x", "_set": {"access_token": {}}},
        phone_number_id="77",
        waba_id=None,
    )
    assert provider_for(account, SETTINGS).credentials == {
        "access_token": "x",
        "phone_number_id": "77",
    }


def test_credentials_that_cannot_be_unsealed_accept_nothing():
    provider = provider_for(SimpleNamespace(provider="meta", credentials=None), SETTINGS)
    with pytest.raises(BadSignature):
        provider.verify(webhook(b"{}", {"x-hub-signature-256": sign("", b"{}")}))
