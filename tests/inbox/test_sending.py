"""The gate, and writing a message down."""

from datetime import timedelta

import pytest

from tests.factories import change, make_contact, make_interaction, make_message
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing, sending
from webapp.inbox.models import CloseReason, Direction, Message, MessageStatus
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def talk(account, queue, ana):
    return make_interaction(account, owner=ana, queue=queue)


def write(talk, ana, text="Good morning", key="k1", **more):
    with unit_of_work():
        return sending.write(talk, ana, text, key, **more)


def refused(talk, ana):
    with pytest.raises(sending.Refused) as error:
        write(talk, ana)
    assert db.session.query(Message).count() == 0
    return error.value.refusal.code


def test_a_reply_is_queued_and_answers_the_customer(talk, ana):
    make_message(talk, "Hello?")
    message = write(talk, ana)
    assert (message.status, message.direction) == (MessageStatus.QUEUED, Direction.OUT)
    assert talk.unanswered_since is None
    assert talk.first_reply_at == message.received_at
    assert talk.last_text == "Good morning"


def test_the_same_key_twice_writes_once(talk, ana):
    first, second = write(talk, ana), write(talk, ana, "Good morning again")
    assert first.id == second.id
    assert db.session.query(Message).count() == 1


def test_a_reply_after_the_window_closes_is_refused(talk, ana):
    change(talk, window_expires_at=utcnow() - timedelta(seconds=1))
    assert refused(talk, ana) == "window_closed"


def test_a_reply_without_any_customer_message_is_refused(talk, ana):
    change(talk, window_expires_at=None)
    assert refused(talk, ana) == "window_closed"


def test_a_reply_in_an_ended_session_is_refused_before_the_sweep_came(talk, ana):
    change(talk, session_expires_at=utcnow() - timedelta(seconds=1))
    assert refused(talk, ana) == "closed"


def test_a_reply_to_a_wrapped_up_conversation_is_refused(talk, ana):
    with unit_of_work():
        closing.close(talk, CloseReason.AGENT, ana)
    assert refused(talk, ana) == "closed"


def test_a_switched_off_account_sends_nothing(talk, ana, account):
    change(account, enabled=False)
    assert refused(talk, ana) == "account_disabled"


def test_a_blocked_contact_gets_nothing(account, queue, ana):
    talk = make_interaction(account, make_contact(blocked_at=utcnow()), owner=ana, queue=queue)
    assert refused(talk, ana) == "blocked"


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4097])
def test_a_text_whatsapp_would_not_take_is_refused_in_words(talk, ana, text):
    with pytest.raises(ValueError, match=r"Write something|4,096 characters; this has 4,097"):
        write(talk, ana, text)


def test_a_zero_byte_is_dropped_because_postgresql_refuses_it(talk, ana):
    assert write(talk, ana, "a\x00b").text == "ab"


def test_a_note_is_possible_at_any_time_and_never_queued(talk, ana):
    change(talk, window_expires_at=utcnow() - timedelta(hours=1))
    with unit_of_work():
        note = sending.note(talk, ana, "Ask for the site manager", "n1")
        again = sending.note(talk, ana, "Ask for the site manager", "n1")
    assert note.id == again.id
    assert (note.direction, note.status) == (Direction.NOTE, MessageStatus.RECEIVED)
    assert talk.last_text == ""


def test_a_failed_message_is_sent_again_once_however_often_asked(talk, ana):
    failed = make_message(talk, "Lost", Direction.OUT, status=MessageStatus.FAILED)
    with unit_of_work():
        first = sending.retry(failed, ana)
    with unit_of_work():
        second = sending.retry(failed, ana)
    assert first.id == second.id != failed.id
    assert failed.status == MessageStatus.FAILED
    assert failed.retried_as_id == first.id


def test_what_was_delivered_is_not_sent_again(talk, ana):
    sent = make_message(talk, "Fine", Direction.OUT, status=MessageStatus.DELIVERED)
    with pytest.raises(ValueError, match="failed"), unit_of_work():
        sending.retry(sent, ana)
