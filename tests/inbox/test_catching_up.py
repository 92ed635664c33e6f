"""What customers wrote while webhooks did not reach us is fetched, once each."""

from datetime import timedelta

from sqlalchemy import select

from tests.factories import change
from tests.support.fake_provider import body, refused_credentials
from webapp import jobs
from webapp.accounts.models import AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox import catching_up
from webapp.inbox.models import Message
from webapp.providers.base import LOOK_UP, ProviderError
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining
from webapp.webhooks.models import WebhookPayload
from workers import clock


def fetch(account):
    catching_up.fetch_missed(account.id)
    db.session.expire_all()


def again(account, **columns):
    """Its next turn has come."""
    change(db.session.get(AccountHealth, account.id), next_look_at=utcnow(), **columns)


def kept():
    return db.session.scalars(select(WebhookPayload).order_by(WebhookPayload.id)).all()


def texts():
    return db.session.scalars(select(Message.text).order_by(Message.id)).all()


def test_missed_messages_are_kept_like_webhooks_and_received(script, fake):
    script.bodies = [body("m1", text="First"), body("m2", text="Second")]
    fetch(fake)
    assert [row.method for row in kept()] == [LOOK_UP, LOOK_UP]
    draining.drain(fake.id)
    assert texts() == ["First", "Second"]


def test_a_message_that_also_came_by_webhook_counts_once(script, fake):
    with unit_of_work():
        db.session.add(WebhookPayload(account_id=fake.id, body=body("m1")))
    draining.drain(fake.id)
    script.bodies = [body("m1"), body("m2")]
    fetch(fake)
    assert len(kept()) == 2  # what is known already is not even kept again
    draining.drain(fake.id)
    assert len(texts()) == 2


def test_a_message_fetched_twice_counts_once(script, fake):
    script.bodies = [body("m1")]
    fetch(fake)
    again(fake)
    fetch(fake)
    draining.drain(fake.id)
    assert texts() == ["Hello"]


def test_each_look_begins_a_little_before_the_last_one_ended(script, fake):
    change(fake, created_at=utcnow() - timedelta(days=30))
    fetch(fake)
    looked_up_at = db.session.get(AccountHealth, fake.id).looked_up_at
    again(fake)
    fetch(fake)
    assert script.since[1] == looked_up_at - catching_up.OVERLAP


def test_after_a_downtime_everything_since_the_last_look_is_asked_for(script, fake):
    change(fake, created_at=utcnow() - timedelta(days=30))
    fetch(fake)
    went_down = utcnow() - timedelta(hours=9)
    again(fake, looked_up_at=went_down)
    fetch(fake)
    assert script.since[1] == went_down - catching_up.OVERLAP


def test_nothing_from_before_the_account_was_added_is_asked_for(script, fake):
    fetch(fake)
    assert script.since == [fake.created_at]


def test_what_came_before_a_fault_is_kept_and_the_rest_asked_for_again(script, fake):
    script.bodies = [body("m1"), ProviderError("Away", permanent=False), body("m2")]
    fetch(fake)
    assert len(kept()) == 1
    assert db.session.get(AccountHealth, fake.id).looked_up_at is None


def test_refused_credentials_stop_the_account(script, fake):
    script.bodies = [refused_credentials()]
    fetch(fake)
    assert db.session.get(AccountHealth, fake.id).stopped_at


def test_two_jobs_ask_once(script, fake):
    fetch(fake)
    fetch(fake)
    assert len(script.since) == 1


def test_no_transaction_is_open_while_the_provider_is_asked(script, fake):
    script.bodies = [body("m1")]
    fetch(fake)
    assert script.connections == [0]


def test_the_clock_asks_every_few_minutes_where_a_provider_can_be_asked(script, fake, account):
    clock.missed()
    assert jobs.job_queue("workers.inbound.fetch_missed", redis_clients.patient).count == 1
    assert catching_up.accounts_to_ask() == [fake.id]
    fetch(fake)
    assert catching_up.accounts_to_ask() == []
    assert catching_up.accounts_to_ask(utcnow() + catching_up.ASK_EVERY) == [fake.id]


def test_an_account_that_is_off_still_receives_what_it_missed(script, fake):
    change(fake, enabled=False)
    assert catching_up.accounts_to_ask() == [fake.id]
    change(fake, archived_at=utcnow())
    assert catching_up.accounts_to_ask() == []
