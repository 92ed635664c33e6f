"""What every provider promises, the same for all of them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from webapp.providers import PROVIDERS, provider_for
from webapp.providers.base import (
    BadSignature,
    CheckLine,
    InboundMessage,
    MediaRef,
    MessageKind,
    ProviderError,
    Recipient,
    StatusUpdate,
    Text,
    Unsupported,
)
from webapp.providers.signing import sign

from .casts import CASTS, SETTINGS
from .conftest import webhook
from .storable import check

ODD_ADDRESSES = (
    "",
    "//x",
    "../../x?y#z",
    "https://",
    "https://[::1",
    "https://a b/",
    "https://x..invalid/",
    "https://127.0.0.1:99999/",
    "https://127.0.0.1:abc/",
    "https://user:pass@/",
    "http://169.254.169.254/latest",
    "file:///etc/passwd",
    "javascript:1",
)


@pytest.fixture(params=CASTS)
def cast(request):
    return CASTS[request.param]


@pytest.fixture
def provider(cast):
    return cast.provider_at()


def test_every_provider_has_its_cast_and_its_samples():
    assert {cast.provider for cast in CASTS.values()} == set(PROVIDERS)
    assert all(len(cast.samples()) >= 18 for cast in CASTS.values())


def test_its_own_signature_is_accepted(cast, provider):
    provider.verify(cast.request(cast.call(cast.text)))


def test_any_other_signature_is_refused(cast, provider):
    call = cast.call(cast.text)
    good = cast.request(call)
    proof = good.headers[cast.header]
    refused = [
        replace(good, headers={}),
        replace(good, headers={**good.headers, cast.header: ""}),
        replace(good, headers={**good.headers, cast.header: proof.partition("=")[2]}),
        replace(good, headers={**good.headers, cast.header: proof[:-2]}),
        cast.request(call, secret="another"),
    ]
    if cast.signs_body:
        refused.append(replace(good, body=good.body + b" "))
    for request in refused:
        with pytest.raises(BadSignature):
            provider.verify(request)


def test_the_former_secret_holds_beside_the_new_one(cast):
    if not any(field.rotates for field in cast.provider_at().form_fields):
        pytest.skip("Kaleyra's secret stands in the admin's own callback; the token rotates.")
    former = cast.credentials[cast.secret]
    renewed = {cast.secret: "new-secret", f"{cast.secret}_previous": former}
    provider = cast.provider_at(credentials=cast.credentials | renewed)
    for secret in ("new-secret", former):
        provider.verify(cast.request(cast.call(cast.text), secret=secret))


def test_without_credentials_nothing_is_accepted(cast):
    provider = cast.provider_at(credentials={})
    with pytest.raises(BadSignature):
        provider.verify(cast.request(cast.call(cast.text)))
    assert provider.handshake(webhook(method="GET", query={"hub.mode": "subscribe"})) is None


def test_every_sample_is_understood(cast, provider):
    """Nothing that is known to come is kept as unreadable, and a database takes all of it."""
    for name, call in cast.samples().items():
        events = provider.parse(cast.request(call))
        for event in events:
            check(event)
        unread = [event for event in events if isinstance(event, Unsupported)]
        assert all(event.harmless or name == "unknown_field" for event in unread), name


def test_what_is_said_to_be_only_receipts_holds_nothing_else(cast, provider):
    for name, call in cast.samples().items():
        request = cast.request(call)
        if provider.only_receipts(request):
            told = [type(event) for event in provider.parse(request)]
            assert set(told) <= {StatusUpdate}, name


@pytest.mark.parametrize("name", ["meta", "kaleyra v1", "kaleyra v2", "sandbox"])
def test_receipts_of_those_that_send_campaigns_are_known_without_parsing(name):
    cast = CASTS[name]
    provider = cast.provider_at()
    requests = {name: cast.request(call) for name, call in cast.samples().items()}
    receipts = {
        name
        for name, request in requests.items()
        if {type(event) for event in provider.parse(request)} == {StatusUpdate}
    }
    assert receipts
    assert {name for name in receipts if not provider.only_receipts(requests[name])} == set()


def test_a_message_is_parsed_and_keeps_its_raw_form(cast, provider):
    (event,) = provider.parse(cast.request(cast.call(cast.text)))
    assert isinstance(event, InboundMessage)
    assert event.raw
    assert event.sent_at.tzinfo is not None


def test_the_same_body_gives_the_same_ids(cast, provider):
    for call in cast.samples().values():
        first, again = (provider.parse(cast.request(call)) for _ in range(2))
        assert [_identity(event) for event in first] == [_identity(event) for event in again]


def _identity(event):
    return type(event), getattr(event, "id", None) or getattr(event, "message_id", None)


def test_several_messages_are_told_apart(cast, provider):
    calls = cast.batch(["One", "Two", "Three"])
    events = [event for call in calls for event in provider.parse(cast.request(call))]
    assert [event.text for event in events] == ["One", "Two", "Three"]
    assert len({event.id for event in events}) == 3


def test_news_nobody_knows_is_kept_for_admins(cast, provider):
    (event,) = provider.parse(cast.request(cast.novelty))
    assert isinstance(event, Unsupported)
    assert event.reason
    assert event.raw
    assert not event.harmless


def test_a_message_of_a_kind_nobody_knows_is_a_message_still(cast, provider):
    (event,) = provider.parse(cast.request(cast.unknown_kind))
    assert isinstance(event, InboundMessage)
    assert event.kind == MessageKind.UNSUPPORTED
    assert event.raw


@pytest.mark.parametrize("body", (b"", b"nonsense", b"[" * 100_000, b"\x00"))
def test_what_cannot_be_read_is_kept(provider, body):
    (event,) = provider.parse(webhook(body))
    assert isinstance(event, Unsupported)


def test_what_is_asked_for_is_the_message_its_webhook_would_have_brought(cast, provider):
    assert (cast.record is not None) == provider.can.looks_up
    if cast.record:
        (event,) = provider.parse(cast.request(cast.record))
        (brought,) = provider.parse(cast.request(cast.call("inbound_image_caption")))
        told = ("id", "kind", "text", "account_ref")
        assert [getattr(event, name) for name in told] == [getattr(brought, name) for name in told]
        assert set(event.identities) <= set(brought.identities)


@pytest.mark.parametrize("address", ODD_ADDRESSES)
def test_a_file_at_an_odd_address_is_refused_in_words(provider, address):
    for ref in (MediaRef(address, url=address), MediaRef("77", address, address, address, address)):
        with pytest.raises(ProviderError) as raised:
            provider.fetch_media(ref)
        assert raised.value.reason


def test_a_command_it_does_not_know_is_refused_for_good(provider):
    with pytest.raises(ProviderError) as raised:
        provider.send(SimpleNamespace(to=Recipient(phone="1555")), "parley-1")
    assert raised.value.permanent


def test_it_sends_what_it_says_it_sends(provider):
    assert "text" in provider.can.kinds
    assert Text(Recipient(phone="1"), "x").preview_url


def test_its_form_fields_are_named_and_its_secrets_marked(provider):
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
