"""What the provider says of a message that nobody knew the fate of; nothing is ever sent again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_contact, make_interaction
from tests.support.fake_provider import refused_credentials
from webapp import jobs
from webapp.accounts.models import AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox import delivering, looking_up, receipts, sending
from webapp.inbox.models import Attempt, Message, MessageStatus
from webapp.providers.base import (
    AccountRef,
    Found,
    OutcomeUnknown,
    ProviderError,
    Receipt,
    StatusUpdate,
)
from webapp.unit_of_work import unit_of_work
from workers import clock

NO_ANSWER = OutcomeUnknown("No answer in time")


@pytest.fixture
def talk(fake, queue, ana):
    return make_interaction(fake, owner=ana, queue=queue)


@pytest.fixture
def send(script, fake, talk, ana):
    """A message sent with the given answers of the provider; by default none, so it is unknown."""

    def sent(text="Hello", answer=NO_ANSWER, where=None):
        with unit_of_work():
            message_id = sending.write(where or talk, ana, text, text).id
        script.answers.append(answer)
        delivering.drain(fake.id)
        db.session.expire_all()
        return message_id

    return sent


def make_due(message_id, age=timedelta(minutes=3)):
    """The message was called this long ago, and its turn to be asked about has come."""
    with unit_of_work():
        message = db.session.get(Message, message_id)
        message.look_up_at, message.status_at = utcnow(), utcnow() - age
        attempt = db.session.scalars(select(Attempt).where(Attempt.message_id == message_id)).one()
        attempt.started_at = utcnow() - age


def look(account):
    looking_up.settle_unknown(account.id)
    db.session.expire_all()


def message(message_id):
    return db.session.get(Message, message_id)


def update(status, provider_id="fake-9"):
    return StatusUpdate(AccountRef(), provider_id, "15550120001", status, utcnow(), {})


def test_an_unknown_message_is_asked_about_soon_an_accepted_one_later(send):
    unknown = message(send("unknown")).look_up_at
    accepted = message(send("accepted", None)).look_up_at
    assert unknown - utcnow() < timedelta(minutes=2) < accepted - utcnow()


def test_a_provider_that_cannot_be_asked_is_never_asked(stub, queue, ana):
    from tests.factories import make_meta_account

    meta = make_meta_account(queue)
    talk = make_interaction(meta, owner=ana, queue=queue)
    with unit_of_work():
        written = sending.write(talk, ana, "Hello", "key").id
    delivering.drain(meta.id)
    db.session.expire_all()
    assert message(written).look_up_at is None


def test_a_message_the_provider_has_counts_as_accepted(script, fake, send):
    written = send()
    make_due(written)
    script.found["Hello"] = Found("fake-9")
    look(fake)
    found = message(written)
    assert (found.status, found.provider_id, found.error) == (MessageStatus.SENT, "fake-9", None)
    attempt = db.session.scalars(select(Attempt)).one()
    assert (attempt.outcome, attempt.provider_id) == ("sent", "fake-9")


def test_its_states_so_far_are_applied_like_receipts(script, fake, send):
    written = send()
    make_due(written)
    updates = (update(Receipt.SENT), update(Receipt.DELIVERED))
    script.found["Hello"] = Found("fake-9", updates)
    look(fake)
    assert message(written).status == MessageStatus.DELIVERED
    assert message(written).look_up_at is None


def test_an_accepted_message_learns_the_state_whose_receipt_was_lost(script, fake, send):
    written = send(answer=None)
    provider_id = message(written).provider_id
    make_due(written, timedelta(hours=1))
    script.found["Hello"] = Found(provider_id, (update(Receipt.READ, provider_id),))
    look(fake)
    assert message(written).status == MessageStatus.READ
    assert script.sought[0].provider_id == provider_id


def test_one_that_never_reached_the_provider_fails_and_may_be_sent_again(
    script, fake, talk, send, ana
):
    written = send()
    make_due(written, timedelta(minutes=16))
    look(fake)
    failed = message(written)
    assert failed.status == MessageStatus.FAILED
    assert failed.error == "This message never reached the provider."
    assert failed.error_action == "You may send it again."
    assert script.sent == ["Hello"]  # a person may; nothing does so by itself
    with unit_of_work():
        assert sending.retry(message(written), ana).status == MessageStatus.QUEUED


def test_one_the_provider_may_only_not_show_yet_stays_unknown(script, fake, send):
    written = send()
    make_due(written, timedelta(minutes=3))
    look(fake)
    assert message(written).status == MessageStatus.UNKNOWN
    assert message(written).look_up_at > utcnow()


def test_an_accepted_message_never_fails_by_a_look_up(script, fake, send):
    written = send(answer=None)
    make_due(written, timedelta(hours=2))
    look(fake)
    assert message(written).status == MessageStatus.SENT


def test_what_the_provider_has_of_another_message_is_not_this_one(script, fake, queue, send, ana):
    send("Yes", None)
    other = make_interaction(fake, make_contact(), owner=ana, queue=queue)
    doubtful = send("Yes", NO_ANSWER, other)
    make_due(doubtful, timedelta(minutes=16))
    script.found["Yes"] = Found("fake-1", (update(Receipt.READ, "fake-1"),))
    look(fake)
    assert message(doubtful).status == MessageStatus.FAILED


def test_each_time_it_is_asked_more_rarely_until_given_up(script, fake, send):
    written = send(answer=None)
    pauses = []
    for age in (timedelta(hours=1), timedelta(hours=4), timedelta(hours=30), timedelta(days=4)):
        make_due(written, age)
        look(fake)
        planned = message(written).look_up_at
        pauses.append(planned and round((planned - utcnow()) / timedelta(hours=1)))
    assert pauses == [1, 4, 6, None]
    assert len(script.sought) == 3


def test_a_look_up_that_fails_leaves_everything_as_it_is(script, fake, send):
    written = send()
    make_due(written, timedelta(hours=1))
    script.found["Hello"] = ProviderError("Away", permanent=False)
    look(fake)
    assert message(written).status == MessageStatus.UNKNOWN


def test_refused_credentials_at_a_look_up_stop_the_account_and_the_asking(script, fake, send):
    written = send(), send("again")
    for one in written:
        make_due(one)
    script.found = dict.fromkeys(("Hello", "again"), refused_credentials())
    look(fake)
    assert len(script.sought) == 1
    assert db.session.get(AccountHealth, fake.id).stopped_at
    make_due(written[0])
    look(fake)
    assert len(script.sought) == 1


def test_no_transaction_is_open_while_the_provider_is_asked(script, fake, send):
    make_due(send())
    script.connections.clear()
    look(fake)
    assert script.connections == [0]


def test_nobody_else_asks_about_it_meanwhile(script, fake, send):
    make_due(send())
    look(fake)
    look(fake)
    assert len(script.sought) == 1


def test_a_receipt_that_comes_first_makes_asking_needless(script, fake, send):
    written = send(answer=None)
    make_due(written)
    with unit_of_work():
        account = db.session.merge(fake)
        arrived = update(Receipt.DELIVERED, message(written).provider_id)
        receipts.apply(account, [(arrived, None, utcnow())])
    look(fake)
    assert script.sought == []


def test_so_many_at_a_time_and_the_others_the_next_time(script, fake, queue, send, ana):
    for number in range(looking_up.BATCH + 2):
        other = make_interaction(fake, make_contact(), owner=ana, queue=queue)
        make_due(send(str(number), NO_ANSWER, other))
    look(fake)
    assert len(script.sought) == looking_up.BATCH
    look(fake)
    assert len(script.sought) == looking_up.BATCH + 2


def test_the_clock_finds_what_is_to_be_looked_up(fake, send):
    make_due(send())
    clock.look_ups()
    assert jobs.job_queue("workers.outbound.look_up", redis_clients.patient).count == 1


def test_a_call_cut_off_by_a_crash_is_looked_up_too(script, fake, talk, send, ana):
    with unit_of_work():
        written = sending.write(talk, ana, "Hello", "key").id
    delivering.claim(fake.id, 1)
    with unit_of_work():
        delivering.expire_stale_calls(utcnow() + timedelta(seconds=delivering.CALL_SECONDS + 1))
    db.session.expire_all()
    assert message(written).look_up_at
