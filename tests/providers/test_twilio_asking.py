"""Asking Twilio: the fate of a message, never guessed between two, and what was missed."""

import json
from datetime import timedelta

import pytest

from tests.support.stubs.base import Reply
from tests.support.stubs.twilio import fault
from webapp.columns import utcnow
from webapp.providers.base import (
    LOOK_UP,
    MediaMessage,
    MessageKind,
    OutcomeUnknown,
    OutgoingFile,
    ProviderError,
    Recipient,
    Sought,
    Text,
)

from . import twilio_cast
from .twilio_bodies import PHONE, twilio_posted
from .twilio_cast import ANN, twilio_at

EARLIER = utcnow() - timedelta(minutes=10)
stub, twilio = twilio_cast.stub, twilio_cast.twilio


def lost(twilio, stub, text="Hi", to=ANN):
    """A message whose answer never came, as we look for it afterwards."""
    stub.cut_next()
    called_at = utcnow()
    with pytest.raises(OutcomeUnknown):
        twilio.send(Text(to, text), "parley-1")
    return sought(text, called_at, to)


def sought(text="Hi", called_at=None, to=ANN, provider_id=None, kind="text"):
    return Sought("parley-1", provider_id, to, kind, text, called_at or utcnow())


def unanswered(twilio, wanted):
    with pytest.raises(ProviderError) as raised:
        twilio.look_up(wanted)
    return raised.value


def test_a_message_whose_answer_was_lost_is_found_by_its_words(stub, twilio):
    wanted = lost(twilio, stub)
    found = twilio.look_up(wanted)
    assert found.provider_id == stub.taken[0].id
    assert found.updates == ()  # still queued at Twilio


def test_what_became_of_it_is_told_with_our_own_id(stub, twilio):
    wanted = lost(twilio, stub)
    stub.records[0]["status"] = "delivered"
    (update,) = twilio.look_up(wanted).updates
    assert (update.status, update.correlation_id) == ("delivered", "parley-1")
    assert (update.message_id, update.recipient) == (stub.taken[0].id, "15550100002")
    assert update.account_ref.display_phone == PHONE
    assert update.at.tzinfo is not None


def test_a_failed_one_says_why(stub, twilio):
    sent = twilio.send(Text(ANN, "Hi"), "parley-1")
    stub.records[0] |= {"status": "undelivered", "error_code": 63016}
    (update,) = twilio.look_up(sought(provider_id=sent.id)).updates
    assert (update.status, update.error.code) == ("failed", "63016")


def test_a_message_twilio_never_had_is_none(stub, twilio):
    assert twilio.look_up(sought(provider_id="SM" + "0" * 32)) is None
    assert twilio.look_up(sought()) is None


def test_of_two_that_it_could_be_none_is_chosen(stub, twilio):
    wanted = lost(twilio, stub)
    twilio.send(Text(ANN, "Hi"), "parley-2")
    error = unanswered(twilio, wanted)
    assert "could be" in error.reason


def test_other_words_another_person_or_the_customer_themselves_are_not_it(stub, twilio):
    wanted = lost(twilio, stub)
    twilio.send(Text(ANN, "Bye"), "parley-2")
    twilio.send(Text(Recipient(phone="15550100003"), "Hi"), "parley-3")
    stub.written("Hi")
    assert twilio.look_up(wanted).provider_id == stub.taken[0].id


@pytest.mark.parametrize("away", (timedelta(minutes=-5), timedelta(minutes=5)))
def test_the_same_words_at_another_time_are_not_it(stub, twilio, away):
    lost(twilio, stub)
    assert twilio.look_up(sought(called_at=utcnow() + away)) is None


def test_a_file_is_not_taken_for_a_text(stub, twilio):
    lost(twilio, stub)
    assert twilio.look_up(sought(kind="image")) is None


def test_a_menu_or_template_in_other_words_is_not_given_up_on(stub, twilio):
    lost(twilio, stub)
    assert "could be" in unanswered(twilio, sought("another text", kind="template")).reason
    assert twilio.look_up(sought("Hi", kind="template")).provider_id == stub.taken[0].id


def test_a_document_is_found_though_its_words_did_not_go_along(stub, twilio):
    stub.cut_next()
    file = OutgoingFile(lambda: None, "https://chat.example/f", "application/pdf", 1)
    with pytest.raises(OutcomeUnknown):
        twilio.send(MediaMessage(ANN, MessageKind.DOCUMENT, file), "parley-1")
    assert twilio.look_up(sought("The bill", kind="document")) is not None


def test_older_pages_are_not_read(stub, twilio):
    for number in range(6):
        stub.written(f"{number}", at=utcnow() - timedelta(days=1))
    for record in stub.records:
        record["to"], record["from"] = "whatsapp:+15550100002", f"whatsapp:+{PHONE}"
    twilio.look_up(sought())
    assert len(stub.requests) == 1


def test_a_refused_or_broken_answer_tells_nothing(stub, twilio):
    wanted = sought(provider_id="SM1")
    wrong = twilio_at(stub.url, credentials={"account_sid": "AC1", "auth_token": "x"})
    assert unanswered(wrong, wanted).auth
    stub.handle = lambda request: None
    assert not unanswered(twilio, wanted).permanent


def missed(twilio, since):
    return [
        event
        for body in twilio.missed(since)
        for event in twilio.parse(twilio_posted(body, method=LOOK_UP))
    ]


def from_webhook(twilio, fields):
    body = "&".join(f"{name}={value}" for name, value in fields.items()).replace("+", "%2B")
    (event,) = twilio.parse(twilio_posted(body.encode()))
    return event


def test_missed_messages_are_those_of_the_webhook_the_oldest_first(stub, twilio):
    written = [stub.written(str(number), at=EARLIER) for number in range(5)]
    events = missed(twilio, utcnow() - timedelta(hours=1))
    told = [from_webhook(twilio, fields) for fields in written]
    assert [event.id for event in events] == [event.id for event in told]
    assert [event.text for event in events] == ["0", "1", "2", "3", "4"]
    assert {event.account_ref for event in events} == {told[0].account_ref}
    assert all(event.identities == event.identities[:1] for event in events)
    assert events[0].sent_at == EARLIER.replace(microsecond=0)
    assert json.loads(json.dumps(events[0].raw))["message"]["body"] == "0"


def test_missed_files_come_with_the_address_they_are_fetched_from(stub, twilio):
    fields = stub.written("Look", file=(b"jpeg", "image/jpeg"), at=EARLIER)
    (event,) = missed(twilio, utcnow() - timedelta(hours=1))
    told = from_webhook(twilio, fields)
    assert (event.id, event.kind, event.text) == (told.id, "image", "Look")
    assert event.media == told.media
    opened = twilio_at(stub.url, ALLOW_PRIVATE_ADDRESSES=True)
    with opened.fetch_media(event.media).content as content:
        assert content.read() == b"jpeg"


def test_what_twilio_does_not_keep_is_shown_as_such(stub, twilio):
    stub.written("", Latitude="1", Longitude="2", at=EARLIER)
    (event,) = missed(twilio, utcnow() - timedelta(hours=1))
    assert event.kind == "unsupported"


def test_ours_and_older_ones_are_not_missed(stub, twilio):
    twilio.send(Text(ANN, "Ours"), "parley-1")
    stub.written("Old", at=utcnow() - timedelta(days=2))
    stub.written("New", at=EARLIER)
    events = missed(twilio, utcnow() - timedelta(days=1))
    assert [event.text for event in events] == ["New"]


def test_days_come_one_after_the_other(stub, twilio):
    for days in (3, 2, 1):
        stub.written(f"{days} days ago", at=utcnow() - timedelta(days=days))
    events = missed(twilio, utcnow() - timedelta(days=2, hours=1))
    assert [event.text for event in events] == ["2 days ago", "1 days ago"]
    assert len({request.query["DateSent"] for request in stub.requests}) >= 3


def test_a_days_older_pages_are_not_read(stub, twilio):
    for _ in range(6):
        stub.written("Old", at=utcnow() - timedelta(hours=5))
    stub.written("New", at=EARLIER)
    assert [event.text for event in missed(twilio, utcnow() - timedelta(hours=1))] == ["New"]
    assert len(stub.requests) <= 2


def test_what_may_still_be_on_its_way_is_left_to_its_webhook(stub, twilio):
    stub.written("Just now", at=utcnow() - timedelta(seconds=90))
    assert missed(twilio, utcnow() - timedelta(hours=1)) == []


def test_a_page_that_leads_elsewhere_is_not_followed(stub, twilio):
    stub.written("Hi", at=EARLIER)
    page = {"messages": stub.records, "next_page_uri": "https://evil.example/x"}
    stub.handle = lambda request: Reply(200, page)
    # Asked for day by day: this page may come twice.
    assert {event.text for event in missed(twilio, utcnow() - timedelta(hours=1))} == {"Hi"}


def test_missed_messages_that_cannot_be_asked_for_are_an_error(stub, twilio):
    stub.handle = lambda request: Reply(429, fault(20429, status=429), {"Retry-After": "9"})
    with pytest.raises(ProviderError) as raised:
        list(twilio.missed(utcnow()))
    assert raised.value.retry_after == 9


@pytest.mark.parametrize(
    "body", (b"", b"[]", b"{}", b'{"message": 5}', b'{"message": {"sid": []}}')
)
def test_a_record_that_is_none_is_kept(twilio, body):
    (event,) = twilio.parse(twilio_posted(body, method=LOOK_UP))
    assert type(event).__name__ == "Unsupported"
