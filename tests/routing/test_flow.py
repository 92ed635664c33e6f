from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import change, make_account, make_interaction, make_queue, save
from webapp.accounts.models import RoutingStep
from webapp.analytics import figures
from webapp.analytics.models import InteractionPhase
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Interaction, InteractionEvent, InteractionState
from webapp.queues import accepting, transferring
from webapp.queues.models import Offer, OfferState
from webapp.routing import flow
from webapp.settings.models import Interval, IntervalSpan
from webapp.staff import access
from webapp.unit_of_work import unit_of_work


def advanced(interaction):
    with unit_of_work():
        flow.advance(db.session.get(Interaction, interaction.id))
    return db.session.get(Interaction, interaction.id)


def new_interaction(account, **columns):
    return make_interaction(account, state=InteractionState.NEW, waiting_since=None, **columns)


def test_a_new_conversation_waits_in_its_accounts_queue(account, queue):
    interaction = advanced(new_interaction(account))

    assert interaction.state == InteractionState.WAITING
    assert interaction.queue_id == queue.id
    assert utcnow() - interaction.waiting_since < timedelta(seconds=5)
    assert [event.kind for event in db.session.query(InteractionEvent)] == ["queued"]


def test_the_queue_step_asks_for_offers_after_the_commit(account, queue):
    advanced(new_interaction(account))

    assert redis_clients.hasty.exists(f"wake:workers.inbound.offer:{queue.id}")


def test_an_account_without_steps_leaves_the_conversation_unmanaged(app):
    interaction = advanced(new_interaction(make_account()))

    assert interaction.state == InteractionState.UNMANAGED


def test_a_step_whose_queue_is_gone_is_passed_over(app):
    account = make_account()
    there = make_queue("Orders")
    with unit_of_work():
        db.session.add(RoutingStep(account_id=account.id, position=1, queue_id=None))
        db.session.add(RoutingStep(account_id=account.id, position=2, queue_id=there.id))

    assert advanced(new_interaction(account)).queue_id == there.id


def test_a_step_of_an_unknown_kind_is_passed_over(app):
    account = make_account()
    with unit_of_work():
        db.session.add(RoutingStep(account_id=account.id, position=1, kind="horoscope"))

    assert advanced(new_interaction(account)).state == InteractionState.UNMANAGED


def test_steps_that_lead_in_circles_end_as_unmanaged(app, monkeypatch):
    account = make_account()
    with unit_of_work():
        db.session.add(RoutingStep(account_id=account.id, position=1, kind="back"))
    monkeypatch.setitem(flow.STEPS, "back", lambda interaction, step: 0)

    assert advanced(new_interaction(account)).state == InteractionState.UNMANAGED


def test_a_conversation_that_waits_already_is_left_alone(account, queue):
    other = make_queue("Orders")
    interaction = make_interaction(account, queue=other)

    assert advanced(interaction).queue_id == other.id


def test_a_conversation_left_between_two_steps_is_woken(account, queue):
    interaction = new_interaction(account)

    flow.wake()

    assert db.session.get(Interaction, interaction.id).state == InteractionState.WAITING


def test_one_that_sleeps_on_is_not_woken(account, queue):
    interaction = new_interaction(account, wake_at=utcnow() + timedelta(minutes=5))

    flow.wake()

    assert db.session.get(Interaction, interaction.id).state == InteractionState.NEW


MONDAY_NIGHT = datetime(2026, 11, 23, 20, tzinfo=UTC)
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def office_hours():
    span = IntervalSpan(starts="09:00", ends="17:00", week_days=[0, 1, 2, 3, 4])
    return save(Interval(name="Office", time_zone="UTC", spans=[span]))


def routed(interaction, now):
    with unit_of_work():
        flow.advance(db.session.get(Interaction, interaction.id), now)
    return db.session.get(Interaction, interaction.id)


def events():
    kept = db.session.query(InteractionEvent).order_by(InteractionEvent.id)
    return [(event.kind, event.data) for event in kept]


def test_a_step_outside_its_hours_is_passed_over_and_the_thread_says_so(account, queue):
    night = make_queue("Night desk")
    change(account.steps[0], interval_id=office_hours().id)
    save(RoutingStep(account_id=account.id, position=2, queue_id=night.id))

    assert routed(new_interaction(account), MONDAY_NIGHT).queue_id == night.id
    assert events()[0] == ("passed_over", {"hours": "Office"})


def test_a_step_within_its_hours_is_run(account, queue):
    change(account.steps[0], interval_id=office_hours().id)

    assert routed(new_interaction(account), MONDAY_NOON).queue_id == queue.id


def test_a_closed_queue_passes_over_the_step_that_leads_to_it(account, queue):
    change(queue, interval_id=office_hours().id)

    assert routed(new_interaction(account), MONDAY_NIGHT).state == InteractionState.UNMANAGED
    assert routed(new_interaction(account), MONDAY_NOON).queue_id == queue.id


def test_one_that_wakes_is_routed_by_the_hour_of_its_waking(account, queue):
    change(queue, interval_id=office_hours().id)
    expires = MONDAY_NOON + timedelta(days=1)
    interaction = new_interaction(account, wake_at=MONDAY_NOON, session_expires_at=expires)

    flow.wake(MONDAY_NOON + timedelta(minutes=1))

    assert db.session.get(Interaction, interaction.id).queue_id == queue.id


def test_one_whose_steps_fail_holds_up_no_other_and_is_tried_again_later(
    account, queue, monkeypatch
):
    def broken(interaction, step):
        raise ValueError("broken")

    monkeypatch.setitem(flow.STEPS, "broken", broken)
    other = make_account()
    save(RoutingStep(account_id=other.id, position=1, kind="broken"))
    poisoned, interaction, now = new_interaction(other), new_interaction(account), utcnow()
    flow.wake(now)

    assert db.session.get(Interaction, interaction.id).state == InteractionState.WAITING
    assert db.session.get(Interaction, poisoned.id).state == InteractionState.NEW
    assert db.session.get(Interaction, poisoned.id).wake_at == now + flow.AGAIN_AFTER


@pytest.fixture
def second(account):
    """Who is accepted by nobody in Support within a minute waits in Second line."""
    line = make_queue("Second line")
    change(account.steps[0], timeout=60)
    save(RoutingStep(account_id=account.id, position=2, queue_id=line.id))
    return line


def phases():
    rows = select(InteractionPhase.phase, InteractionPhase.queue_id, InteractionPhase.outcome)
    return [tuple(one) for one in db.session.execute(rows.order_by(InteractionPhase.id))]


def woken(interaction, seconds):
    flow.wake(interaction.waiting_since + timedelta(seconds=seconds))
    db.session.expire_all()
    return db.session.get(Interaction, interaction.id)


def test_whom_nobody_accepts_in_time_waits_in_the_next_queue(account, queue, second, ana):
    interaction = advanced(new_interaction(account))
    offer = Offer(interaction_id=interaction.id, queue_id=queue.id, user_id=ana.id)
    offer.expires_at = utcnow() + timedelta(minutes=5)
    save(offer)
    assert woken(interaction, 59).queue_id == queue.id

    moved = woken(interaction, 61)
    assert (moved.state, moved.queue_id, moved.wake_at) == ("waiting", second.id, None)
    assert phases() == [("waiting", queue.id, "timed_out"), ("waiting", second.id, None)]
    assert db.session.get(Offer, offer.id).state == OfferState.WITHDRAWN
    assert [kind for kind, _ in events()] == ["queued", "timed_out", "queued"]
    now = utcnow() + timedelta(minutes=2)
    [sums] = figures.count(figures.ENDED, now - timedelta(hours=1), now).values()
    assert (sums["timed_out"], figures.service_level(sums)) == (1, 0)


def test_without_a_next_step_nobody_serves_it_and_its_queue_may_take_it(account, queue, ana):
    change(account.steps[0], timeout=60)
    left = woken(advanced(new_interaction(account)), 61)
    assert (left.state, left.waiting_since) == (InteractionState.UNMANAGED, None)
    assert access.may_take(ana, left)
    assert phases() == [("waiting", queue.id, "timed_out"), ("unmanaged", queue.id, None)]


def test_whom_somebody_accepts_or_moves_no_longer_times_out(account, queue, second, ana):
    taken, moved = (advanced(new_interaction(account)) for _ in range(2))
    with unit_of_work():
        accepting.give(db.session.get(Interaction, taken.id), ana, by=ana)
        transferring.to_queue(db.session.get(Interaction, moved.id), second, ana)
    assert woken(taken, 3600).owner_id == ana.id
    assert woken(moved, 3600).queue_id == second.id
    assert "timed_out" not in {outcome for _, _, outcome in phases()}


def test_an_offer_of_the_queue_it_left_is_accepted_no_more(account, queue, second, ana):
    interaction = advanced(new_interaction(account))
    offer = Offer(interaction_id=interaction.id, queue_id=queue.id, user_id=ana.id)
    offer.expires_at = utcnow() + timedelta(minutes=5)
    save(offer)
    change(interaction, queue_id=second.id)  # as if it moved on while the offer was being read
    with pytest.raises(accepting.Taken), unit_of_work():
        accepting.accept(db.session.get(Offer, offer.id), ana)
    assert db.session.get(Interaction, interaction.id).owner_id is None
