"""The clock finds what nobody hinted at, and one failing entry stops no other."""

import threading
from datetime import timedelta

import pytest

from tests.factories import change, make_interaction, make_message, save
from webapp import jobs
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Direction, Interaction, InteractionState, MessageStatus
from webapp.staff import presence
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import SystemMark, WebhookPayload
from workers import clock, stopping


def job_count(name):
    return jobs.job_queue(name, redis_clients.patient).count


def test_a_failing_entry_stops_nobody_else(app):
    seen = []
    for entry in (lambda: 1 / 0, lambda: seen.append(1)):
        clock.run(app, entry)
    assert seen == [1]


def test_a_webhook_whose_hint_was_lost_is_found(app, account):
    with unit_of_work():
        db.session.add(WebhookPayload(account_id=account.id, body=b"{}"))
    clock.inbound()
    assert job_count("workers.inbound.drain") == 1


def test_a_reply_whose_hint_was_lost_is_found(app, account, queue, ana):
    talk = make_interaction(account, owner=ana, queue=queue)
    make_message(talk, "Hi", Direction.OUT, status=MessageStatus.QUEUED, provider_id=None)
    clock.outbound()
    assert job_count("workers.outbound.drain") == 1


def test_a_reply_that_waits_for_its_retry_is_left_alone(app, account, queue, ana):
    talk = make_interaction(account, owner=ana, queue=queue)
    make_message(
        talk,
        "Hi",
        Direction.OUT,
        status=MessageStatus.QUEUED,
        provider_id=None,
        retry_at=utcnow() + timedelta(minutes=1),
    )
    clock.outbound()
    assert job_count("workers.outbound.drain") == 0


def test_sessions_end_in_one_pass_however_many_are_due(app, account, queue):
    talks = [make_interaction(account, queue=queue) for _ in range(3)]
    for talk in talks:
        change(talk, session_expires_at=utcnow() - timedelta(hours=1))
    clock.sessions()
    left = db.session.query(Interaction).filter(Interaction.state != InteractionState.CLOSED)
    assert left.count() == 0


def test_the_clock_says_that_it_is_alive(app):
    clock.alive()
    assert db.session.get(SystemMark, "clock").at > utcnow() - timedelta(seconds=5)


@pytest.mark.parametrize("entry", [e for _, entries in clock.CADENCES for e in entries])
def test_every_entry_runs_on_an_empty_database(app, entry):
    entry()


def test_a_clock_that_starts_learns_first_how_long_nothing_ran(app, ana, monkeypatch):
    """Once it says that it runs, nobody can tell any more."""
    stopped_at = utcnow() - timedelta(hours=1)
    save(SystemMark(name="clock", value="1", at=stopped_at))
    monkeypatch.setattr(stopping, "_asked", threading.Event())
    stopping.request()  # its threads end at once
    for thread in clock._start(app):
        thread.join(10)
    seen = redis_clients.patient.get(presence.seen_key(ana.id))
    assert float(seen) == stopped_at.timestamp()
