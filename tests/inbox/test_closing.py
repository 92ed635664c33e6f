"""Interactions end by themselves, on time, once."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.factories import change, make_contact, make_interaction, make_message, save
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import CloseReason, Interaction, InteractionEvent, InteractionState
from webapp.queues.models import Offer, OfferState
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def talk(account, queue, ana):
    return make_interaction(account, owner=ana, queue=queue)


def sweep(**options):
    with unit_of_work():
        return closing.sweep(**options)


def end_in(talk, **delta):
    return change(talk, session_expires_at=utcnow() + timedelta(**delta))


def test_a_session_ends_at_its_end_however_late_the_sweep_comes(talk):
    end_in(talk, hours=-30)
    ended_at = talk.session_expires_at
    assert sweep() == 1
    assert talk.state == InteractionState.CLOSED
    assert (talk.close_reason, talk.closed_at) == (CloseReason.TIMEOUT, ended_at)


def test_a_session_with_time_left_goes_on(talk):
    end_in(talk, seconds=30)
    assert sweep() == 0
    assert talk.state == InteractionState.ASSIGNED


def test_a_second_sweep_ends_nothing_twice(talk):
    end_in(talk, hours=-1)
    assert (sweep(), sweep()) == (1, 0)
    assert db.session.query(InteractionEvent).filter_by(kind="closed").count() == 1


def test_a_session_that_ends_unanswered_stays_in_view_until_dealt_with(talk):
    make_message(talk, "Hello?")
    end_in(talk, hours=-1)
    sweep()
    assert talk.left_unanswered
    with unit_of_work():
        closing.deal_with(db.session.get(Interaction, talk.id))
    assert not talk.left_unanswered


def test_a_session_that_ends_answered_needs_nobody(talk):
    end_in(talk, hours=-1)
    sweep()
    assert not talk.left_unanswered


def test_closing_withdraws_what_still_rings(account, queue, ana, ben):
    waiting = make_interaction(account, queue=queue)
    offer = save(
        Offer(
            interaction_id=waiting.id,
            queue_id=queue.id,
            user_id=ben.id,
            expires_at=utcnow() + timedelta(seconds=30),
        )
    )
    end_in(waiting, hours=-1)
    sweep()
    db.session.expire_all()
    assert offer.state == OfferState.WITHDRAWN


def test_an_agent_closes_once_and_the_second_is_told(talk, ana):
    with unit_of_work():
        assert closing.close(talk, CloseReason.AGENT, ana)
    with unit_of_work():
        assert not closing.close(talk, CloseReason.AGENT, ana)
    assert talk.closed_by_id == ana.id


def test_a_sweep_works_in_batches(account, queue):
    for _ in range(5):
        end_in(make_interaction(account, make_contact(), queue=queue), hours=-1)
    assert [sweep(limit=2), sweep(limit=2), sweep(limit=2), sweep(limit=2)] == [2, 2, 1, 0]


def test_an_owner_who_has_just_lost_it_does_not_close_it(talk, ana, ben):
    with unit_of_work():
        assert talk.owner_id == ana.id  # as the closing page has read it
        taken = update(Interaction).values(owner_id=ben.id)
        db.session.execute(taken.execution_options(synchronize_session=False))
        assert not closing.close(talk, CloseReason.AGENT, ana)
    assert talk.state == InteractionState.ASSIGNED
