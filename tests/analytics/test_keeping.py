"""What happens to agents and conversations leaves intervals, without gaps and without overlaps."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from tests.support.arriving import arrive, said
from tests.support.queries import counted_queries
from webapp.analytics.models import AgentInterval, InteractionPhase
from webapp.columns import utcnow
from webapp.contacts import merging, unmerging
from webapp.contacts.models import ContactMerge
from webapp.extensions import db
from webapp.inbox import closing, sending, starting
from webapp.inbox.models import CloseReason, Interaction
from webapp.queues import offering
from webapp.staff import presence
from webapp.staff.models import Presence
from webapp.unit_of_work import unit_of_work


def states_of(user):
    rows = select(AgentInterval).where(AgentInterval.user_id == user.id).order_by(AgentInterval.id)
    return [(row.state, row.reason, row.from_at, row.to_at) for row in db.session.scalars(rows)]


def phases_of(interaction):
    rows = select(InteractionPhase).where(InteractionPhase.interaction_id == interaction.id)
    return db.session.scalars(rows.order_by(InteractionPhase.id)).all()


def told(phases):
    return [(row.phase, row.owner_id, row.outcome) for row in phases]


@pytest.fixture
def waiting(queue):
    """A customer has written; the conversation waits in Support."""
    arrive(factories.make_meta_account(queue), said("Is anyone there?"))
    return db.session.scalar(select(Interaction))


def test_each_state_of_an_agent_ends_where_the_next_begins(ana):
    at = utcnow()
    for minutes, state, reason in (
        (0, Presence.AVAILABLE, None),
        (5, Presence.PAUSED, "Lunch"),
        (9, Presence.PAUSED, "Break"),
        (12, Presence.OFFLINE, None),
    ):
        with unit_of_work():
            presence.set_presence(ana, state, reason, at + timedelta(minutes=minutes))

    moments = [at + timedelta(minutes=minutes) for minutes in (0, 5, 9, 12)]
    assert states_of(ana) == [
        ("available", None, moments[0], moments[1]),
        ("paused", "Lunch", moments[1], moments[2]),
        ("paused", "Break", moments[2], moments[3]),
        ("offline", None, moments[3], None),
    ]


def test_saying_the_same_again_begins_nothing_new(ana):
    for _ in range(2):
        with unit_of_work():
            presence.set_presence(ana, Presence.PAUSED, "Lunch")

    assert len(states_of(ana)) == 1


def test_a_conversation_waits_is_accepted_and_closed(waiting, queue, ana):
    with unit_of_work():
        offering.offer(queue.id)
    offer = db.session.scalar(select(offering.Offer).where(offering.Offer.user_id == ana.id))
    with unit_of_work():
        offering.accept(db.session.merge(offer), ana)
    with unit_of_work():
        closing.close(db.session.get(Interaction, waiting.id), CloseReason.AGENT, by=ana)

    waited, held = phases_of(waiting)
    assert told((waited, held)) == [("waiting", None, "accepted"), ("assigned", ana.id, "closed")]
    assert (waited.queue_id, held.queue_id) == (queue.id, queue.id)
    assert waited.to_at == held.from_at == held.accepted_at
    assert (held.to_at, held.close_reason) == (waiting.closed_at, "agent")


def test_what_a_leader_takes_over_was_accepted_before(waiting, ana, sara):
    for person in (ana, sara):
        with unit_of_work():
            offering.take(db.session.get(Interaction, waiting.id), person)

    phases = phases_of(waiting)
    assert told(phases) == [
        ("waiting", None, "accepted"),
        ("assigned", ana.id, "moved"),
        ("assigned", sara.id, None),
    ]
    assert phases[2].accepted_at == phases[1].from_at


def test_a_session_that_runs_out_ends_its_phase_when_it_ran_out(waiting):
    over = utcnow() + timedelta(hours=30)
    with unit_of_work():
        closing.sweep(now=over)

    (phase,) = phases_of(waiting)
    assert told([phase]) == [("waiting", None, "closed")]
    assert (phase.to_at, phase.close_reason) == (waiting.session_expires_at, "timeout")
    assert phase.accepted_at is None


def test_nothing_ends_before_it_began_nor_begins_before_the_last_ended(waiting, ana):
    with unit_of_work():
        early = utcnow() - timedelta(hours=1)
        offering.take(db.session.get(Interaction, waiting.id), ana, early)

    waited, held = phases_of(waiting)
    assert waited.to_at == waited.from_at == held.from_at


def test_without_steps_a_conversation_is_unmanaged_until_taken(app):
    lonely = factories.make_meta_account()
    leader = factories.make_user("Lena Leader", "supervisor")
    arrive(lonely, said("Hello?"))
    interaction = db.session.scalar(select(Interaction))
    with unit_of_work():
        offering.take(db.session.get(Interaction, interaction.id), leader)

    assert told(phases_of(interaction)) == [
        ("unmanaged", None, "accepted"),
        ("assigned", leader.id, None),
    ]


def test_a_merge_that_is_undone_goes_on_with_a_phase_of_its_own(account, ana, admin):
    first, second = factories.make_contact("Dana"), factories.make_contact("Dana W.")
    older = factories.make_interaction(account, first)
    younger = factories.make_interaction(account, second, owner=ana)
    with unit_of_work():
        merging.merge(db.session.merge(first), db.session.merge(second), {}, by=admin)
    with unit_of_work():
        unmerging.undo(db.session.scalar(select(ContactMerge)), by=admin)

    assert told(phases_of(older)) == [
        ("waiting", None, "accepted"),
        ("assigned", ana.id, "moved"),
        ("waiting", None, None),
    ]
    assert told(phases_of(younger)) == [("assigned", ana.id, "closed"), ("assigned", ana.id, None)]
    assert [phase.opens for phase in phases_of(younger)] == [True, False]


def test_a_conversation_we_begin_is_its_senders_from_the_start(account, ana):
    contact = factories.make_contact()
    with unit_of_work():
        made = starting.start(db.session.merge(account), db.session.merge(contact), ana)

    (phase,) = phases_of(made)
    assert told([phase]) == [("assigned", ana.id, None)]


def test_the_first_answer_of_a_person_is_kept_with_its_seconds(waiting, ana):
    with unit_of_work():
        offering.take(db.session.get(Interaction, waiting.id), ana)
    with unit_of_work():
        row = db.session.get(Interaction, waiting.id)
        row.started_at -= timedelta(seconds=90)
        sending.write(row, ana, "Here I am.", "key-1")

    held = phases_of(waiting)[1]
    assert held.first_reply_at == db.session.get(Interaction, waiting.id).first_reply_at
    assert 89 <= held.first_reply_seconds <= 120


def test_an_answer_nobody_wrote_is_no_first_reply(waiting):
    with unit_of_work():
        row = db.session.get(Interaction, waiting.id)
        sending.write(row, None, "We are closed today.", "rule-1")

    assert db.session.get(Interaction, waiting.id).first_reply_at is None
    assert phases_of(waiting)[0].first_reply_at is None


def test_an_ordinary_message_asks_and_writes_nothing_of_intervals(queue, ana):
    account = factories.make_meta_account(queue)
    arrive(account, said("Is anyone there?"))
    with counted_queries() as first:
        arrive(account, said("Are you there?", sender="15550147799"))
    with counted_queries() as more:
        arrive(account, said("Hello?"))
    assert sum("interaction_phases" in query for query in first) == 1
    assert [query for query in more if "_phases" in query or "_intervals" in query] == []
