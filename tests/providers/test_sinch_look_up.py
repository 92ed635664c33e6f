"""What Sinch has: messages whose fate is not known, what customers wrote meanwhile, names."""

from datetime import UTC, datetime, timedelta

import pytest

from webapp.providers.base import (
    LOOK_UP,
    OutcomeUnknown,
    ProviderError,
    Receipt,
    Recipient,
    Sought,
    Text,
)

from .sinch_bodies import parsed, sinch_provider

TO = Recipient(phone="15550100002")


@pytest.fixture
def sinch(sinch_stub):
    return sinch_provider(sinch_stub)


def sought(correlation_id="parley-1", provider_id=None, called_at=None):
    at = called_at or datetime.now(UTC)
    return Sought(correlation_id, provider_id, TO, "text", "Hi", at)


def doubtful(sinch, stub, correlation_id="parley-1"):
    stub.cut_next()
    with pytest.raises(OutcomeUnknown):
        sinch.send(Text(TO, "Hi"), correlation_id)


def test_a_message_cut_off_after_it_arrived_is_found_by_our_own_id(sinch, sinch_stub):
    sinch.send(Text(TO, "Before"), "parley-0")
    doubtful(sinch, sinch_stub)
    found = sinch.look_up(sought())
    assert found.provider_id == sinch_stub.taken[-1].id
    (update,) = found.updates
    assert (update.status, update.correlation_id) == (Receipt.SENT, "parley-1")
    assert update.recipient == "15550100002"


def test_a_message_that_never_arrived_is_not_there(sinch, sinch_stub):
    sinch.send(Text(TO, "Another"), "parley-0")
    assert sinch.look_up(sought()) is None


def test_a_message_with_an_id_is_asked_for_by_it(sinch, sinch_stub):
    sent = sinch.send(Text(TO, "Hi"), "parley-1")
    assert sinch.look_up(sought(provider_id=sent.id)).provider_id == sent.id
    assert sinch_stub.requests[-1].path.endswith(f"/messages/{sent.id}")


def test_an_id_sinch_forgot_is_looked_for_by_ours(sinch, sinch_stub):
    doubtful(sinch, sinch_stub)
    assert sinch.look_up(sought(provider_id="01HQGONE")).provider_id == sinch_stub.taken[0].id


def test_a_number_sinch_writes_otherwise_hides_no_message(sinch, sinch_stub):
    doubtful(sinch, sinch_stub)
    sinch_stub.history[-1]["channel_identity"]["identity"] = "+15550100002"
    assert sinch.look_up(sought()) is not None


def test_it_is_looked_for_on_every_page(sinch, sinch_stub):
    doubtful(sinch, sinch_stub)
    for number in range(5):
        sinch.send(Text(TO, "Later"), f"parley-later-{number}")
    sinch_stub.page_size = 2
    assert sinch.look_up(sought()) is not None


def test_only_the_minutes_round_the_call_are_read(sinch, sinch_stub):
    doubtful(sinch, sinch_stub)
    old = datetime.now(UTC) - timedelta(hours=1)
    assert sinch.look_up(sought(called_at=old)) is None


def test_an_app_that_is_not_there_settles_nothing(sinch_stub):
    sinch = sinch_provider(sinch_stub, app_id="01HQOTHER")
    with pytest.raises(ProviderError):
        sinch.look_up(sought())
    with pytest.raises(ProviderError):
        sinch.look_up(sought(provider_id="01HQGONE"))


@pytest.mark.parametrize(
    "app",
    (
        {"processing_mode": "DISPATCH"},
        {"retention_policy": {"retention_type": "MESSAGE_EXPIRE_POLICY", "ttl_days": 1}},
    ),
)
def test_an_app_that_keeps_no_messages_settles_nothing(sinch, sinch_stub, app):
    sinch_stub.app |= app
    with pytest.raises(ProviderError):
        sinch.look_up(sought(called_at=datetime.now(UTC) - timedelta(days=2)))


def test_too_many_pages_settle_nothing(sinch, sinch_stub):
    for number in range(25):
        sinch.send(Text(TO, "Other"), f"parley-other-{number}")
    sinch_stub.page_size = 1
    with pytest.raises(ProviderError) as raised:
        sinch.look_up(sought())
    assert not raised.value.permanent


def test_a_look_up_nobody_answers_settles_nothing(sinch_stub):
    sinch = sinch_provider(sinch_stub, settings={"SINCH_API_URL": "http://127.0.0.1:1"})
    with pytest.raises(ProviderError):
        sinch.look_up(sought())


def test_what_customers_wrote_while_we_were_down_comes_oldest_first(sinch, sinch_stub):
    since = datetime.now(UTC) - timedelta(minutes=5)
    times = ["2026-03-01T10:00:00Z"]
    times += [(since + timedelta(minutes=n)).isoformat() for n in (1, 2, 3)]
    for number, at in enumerate(times):
        sinch_stub.written(f"Text {number}", at=at)
    sinch.send(Text(TO, "Ours"), "parley-1")
    sinch_stub.page_size = 2
    events = [event for body in sinch.missed(since) for event in parsed(body, method=LOOK_UP)]
    assert [event.text for event in events] == ["Text 1", "Text 2", "Text 3"]
    assert [event.id for event in events] == [m["id"] for m in sinch_stub.history[1:4]]


def test_a_customers_name_is_asked_for_by_the_contacts_id(sinch, sinch_stub):
    sinch_stub.contacts["01C"] = " Ann Example "
    assert sinch.profile_name("01C") == "Ann Example"


@pytest.mark.parametrize("name", ("+1 555-010-0002", "15550100002", ""))
def test_a_number_in_place_of_a_name_is_no_name(sinch, sinch_stub, name):
    sinch_stub.contacts["01C"] = name
    assert sinch.profile_name("01C") == ""


def test_a_name_with_a_number_in_it_is_one(sinch, sinch_stub):
    sinch_stub.contacts["01C"] = "Ann 2"
    assert sinch.profile_name("01C") == "Ann 2"


def test_a_contact_sinch_does_not_have_has_no_name(sinch):
    assert sinch.profile_name("01GONE") == ""
