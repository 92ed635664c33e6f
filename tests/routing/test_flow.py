from datetime import UTC, datetime, timedelta

from tests.factories import change, make_account, make_interaction, make_queue, save
from webapp.accounts.models import RoutingStep
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Interaction, InteractionEvent, InteractionState
from webapp.routing import flow
from webapp.settings.models import Interval, IntervalSpan
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
