"""Intervals that nobody wrote are put right by what the rows themselves say."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from tests import factories
from tests.analytics.test_keeping import phases_of, states_of, told
from webapp.analytics import mending
from webapp.analytics.models import InteractionPhase
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import CloseReason, InteractionState
from webapp.staff import presence
from webapp.staff.models import Presence
from webapp.unit_of_work import unit_of_work

NOW = utcnow().replace(microsecond=0)


@pytest.fixture(autouse=True)
def now():
    global NOW
    NOW = utcnow().replace(microsecond=0)


def ago(minutes):
    return NOW - timedelta(minutes=minutes)


def forget_phases(talk):
    with unit_of_work():
        wanted = InteractionPhase.interaction_id == talk.id
        db.session.execute(delete(InteractionPhase).where(wanted))


@pytest.fixture
def waiting(account, queue):
    """In the queue for half an hour, with the phase that says so."""
    since = ago(30)
    return factories.make_interaction(account, queue=queue, waiting_since=since, created_at=since)


def test_what_agrees_is_left_alone(cast, waiting):
    held = factories.make_interaction(cast.account, owner=cast.ana, queue=cast.queue)
    with unit_of_work():
        presence.set_presence(cast.ana, Presence.PAUSED, "Lunch")
    mending.sweep(NOW)
    before = told(phases_of(waiting)), told(phases_of(held)), states_of(cast.ana)

    assert mending.sweep(NOW) == 0
    assert (told(phases_of(waiting)), told(phases_of(held)), states_of(cast.ana)) == before


def test_a_phase_goes_on_where_its_conversation_has_gone(waiting, ana):
    factories.change(waiting, state=InteractionState.ASSIGNED, owner_id=ana.id, assigned_at=ago(10))
    mending.sweep(NOW)

    waited, held = phases_of(waiting)
    assert told((waited, held)) == [("waiting", None, "accepted"), ("assigned", ana.id, None)]
    assert waited.to_at == held.from_at == held.accepted_at == ago(10)


def test_where_no_row_tells_the_moment_it_is_now(waiting):
    other = factories.make_queue("Orders")
    factories.change(waiting, queue_id=other.id)
    mending.sweep(NOW)

    former, present = phases_of(waiting)
    assert (former.to_at, present.from_at, present.queue_id) == (NOW, NOW, other.id)


def test_a_phase_ends_with_its_conversation(waiting):
    columns = {"state": InteractionState.CLOSED, "close_reason": CloseReason.TIMEOUT}
    factories.change(waiting, closed_at=ago(3), **columns)
    mending.sweep(NOW)

    (phase,) = phases_of(waiting)
    assert (phase.to_at, phase.outcome, phase.close_reason) == (ago(3), "closed", "timeout")


@pytest.mark.parametrize("closed", [False, True])
def test_a_conversation_without_phases_gets_those_its_columns_tell_of(waiting, ana, closed):
    columns = {"state": InteractionState.ASSIGNED, "owner_id": ana.id, "assigned_at": ago(20)}
    ended = {"state": InteractionState.CLOSED, "closed_at": ago(5), "close_reason": "agent"}
    columns |= {"first_reply_at": ago(18), "started_at": ago(31)} | (ended if closed else {})
    factories.change(waiting, **columns)
    forget_phases(waiting)
    mending.sweep(NOW)

    waited, held = phases_of(waiting)
    end = "closed" if closed else None
    assert told((waited, held)) == [("waiting", None, "accepted"), ("assigned", ana.id, end)]
    assert (waited.from_at, waited.to_at, waited.opens) == (ago(30), ago(20), True)
    assert (held.accepted_at, held.first_reply_seconds, held.opens) == (ago(20), 13 * 60, False)
    assert held.to_at == (ago(5) if closed else None)


def test_one_that_goes_on_after_its_end_has_a_phase_again(waiting):
    factories.change(waiting, state=InteractionState.CLOSED, closed_at=ago(9), close_reason="agent")
    mending.sweep(NOW)
    factories.change(waiting, state=InteractionState.WAITING, closed_at=None, close_reason=None)
    mending.sweep(NOW)

    ended, again = phases_of(waiting)
    assert (ended.to_at, again.from_at, again.opens) == (ago(9), NOW, False)


def test_what_ended_long_ago_stays_as_it_was_counted(waiting):
    columns = {"state": InteractionState.CLOSED, "close_reason": "agent"}
    factories.change(waiting, closed_at=NOW - timedelta(days=2), **columns)
    forget_phases(waiting)
    mending.sweep(NOW)

    assert phases_of(waiting) == []


def test_the_state_of_a_person_is_kept_since_they_have_it(ana):
    with unit_of_work():
        presence.set_presence(ana, Presence.OFFLINE, now=ago(60))
    columns = {"presence": Presence.PAUSED, "pause_reason": "Lunch"}
    factories.change(ana, presence_at=ago(12), **columns)
    mending.sweep(NOW)

    assert states_of(ana) == [
        ("offline", None, ago(60), ago(12)),
        ("paused", "Lunch", ago(12), None),
    ]


def test_another_reason_for_the_same_pause_begins_when_it_is_found(ana):
    with unit_of_work():
        presence.set_presence(ana, Presence.PAUSED, "Lunch", now=ago(60))
    factories.change(ana, pause_reason="Training")
    mending.sweep(NOW)

    assert states_of(ana) == [
        ("paused", "Lunch", ago(60), NOW),
        ("paused", "Training", NOW, None),
    ]


def test_whoever_was_never_there_needs_no_interval(app):
    person = factories.make_user(presence=Presence.OFFLINE)
    mending.sweep(NOW)

    assert states_of(person) == []
