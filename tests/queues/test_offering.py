from datetime import timedelta

import pytest

from tests.factories import make_account, make_interaction, make_queue, save
from tests.support.queries import counted_queries
from webapp.accounts.models import AccountAgent
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Interaction, InteractionEvent, InteractionState
from webapp.queues import offering
from webapp.queues.models import Offer, OfferState, Queue, Strategy
from webapp.staff.models import Presence, User
from webapp.unit_of_work import unit_of_work


def offer(queue, now=None):
    with unit_of_work():
        offering.offer(queue.id, now)


def change(row, **columns):
    with unit_of_work():
        fresh = db.session.get(type(row), row.id)
        for name, value in columns.items():
            setattr(fresh, name, value)


def later(seconds):
    return utcnow() + timedelta(seconds=seconds)


def rings(interaction=None):
    """Who rings now, in the order in which they were rung."""
    found = db.session.query(Offer).filter_by(state=OfferState.OPEN).order_by(Offer.id)
    if interaction is not None:
        found = found.filter_by(interaction_id=interaction.id)
    return [row.user_id for row in found]


def pass_on(user, now=None):
    row = db.session.query(Offer).filter_by(state=OfferState.OPEN, user_id=user.id).one()
    with unit_of_work():
        offering.pass_on(row, db.session.get(User, user.id), now)


def kinds(interaction):
    rows = db.session.query(InteractionEvent).filter_by(interaction_id=interaction.id)
    return [row.kind for row in rows.order_by(InteractionEvent.id)]


def hinted(queue):
    return bool(redis_clients.hasty.exists(f"wake:workers.inbound.offer:{queue.id}"))


def test_round_robin_rings_one_agent_for_the_queues_time(account, queue, ana):
    interaction = make_interaction(account, queue=queue)
    offer(queue)

    row = db.session.query(Offer).one()
    assert (row.user_id, row.interaction_id) == (ana.id, interaction.id)
    assert row.expires_at - row.offered_at == timedelta(seconds=queue.timeout)


def test_beep_all_rings_all_members_at_once(account, queue, ana, ben):
    change(queue, strategy=Strategy.BEEP_ALL)
    make_interaction(account, queue=queue)
    offer(queue)
    offer(queue)

    assert rings() == [ana.id, ben.id]


@pytest.mark.parametrize("strategy", Strategy)
def test_what_came_while_the_queue_waited_for_its_locks_rings_nobody_twice(
    account, queue, ana, ben, strategy
):
    change(queue, strategy=strategy)
    make_interaction(account, queue=queue)
    offer(queue, later(-2))
    rung = rings()
    offer(queue)
    assert rings() == rung
    pass_on(ana)
    offer(queue)
    assert rings() == [ben.id]


def test_round_robin_remembers_its_place_between_conversations(account, queue, ana, ben):
    first, second = (make_interaction(account, queue=queue) for _ in range(2))
    third = make_interaction(account, queue=queue, waiting_since=later(1))
    offer(queue)

    assert rings(first) == [ana.id]
    assert rings(second) == [ben.id]
    assert rings(third) == [ana.id]


@pytest.mark.parametrize("strategy", [Strategy.RR_MEMORY, Strategy.LEAST_RECENT])
def test_a_lapsed_offer_goes_to_the_next_agent_and_then_round_again(
    account, queue, ana, ben, strategy
):
    change(queue, strategy=strategy)
    interaction = make_interaction(account, queue=queue)
    offer(queue)
    assert rings() == [ana.id]
    offer(queue, later(31))
    assert rings() == [ben.id]
    offer(queue, later(62))

    assert rings() == [ana.id]
    assert kinds(interaction) == ["lapsed", "lapsed"]


def test_beep_all_starts_again_only_after_everybody_had_it(account, queue, ana, ben):
    change(queue, strategy=Strategy.BEEP_ALL)
    make_interaction(account, queue=queue)
    offer(queue)
    pass_on(ana)
    offer(queue)
    assert rings() == [ben.id]
    offer(queue, later(31))

    assert rings() == [ana.id, ben.id]


def test_beep_all_rings_nobody_twice_while_a_colleague_still_rings(account, queue, ana, ben):
    change(queue, strategy=Strategy.BEEP_ALL)
    change(ben, presence=Presence.OFFLINE)
    make_interaction(account, queue=queue)
    offer(queue)
    pass_on(ana)
    change(ben, presence=Presence.AVAILABLE)
    offer(queue, later(20))
    offer(queue, later(queue.timeout + 5))

    assert rings() == [ben.id]


def test_passing_on_rings_the_next_and_says_so_in_the_thread(account, queue, ana, ben):
    interaction = make_interaction(account, queue=queue)
    offer(queue)
    pass_on(ana)
    assert hinted(queue)
    offer(queue)

    assert rings() == [ben.id]
    assert kinds(interaction) == ["passed"]


def test_who_has_just_passed_is_not_rung_again_at_once(account, queue, ana, ben):
    change(ben, presence=Presence.OFFLINE)
    make_interaction(account, queue=queue)
    offer(queue)
    pass_on(ana)
    offer(queue)
    assert rings() == []
    offer(queue, later(queue.timeout + 1))

    assert rings() == [ana.id]


def test_a_colleague_who_comes_later_is_rung_before_anybody_twice(account, queue, ana, ben):
    change(ben, presence=Presence.OFFLINE)
    make_interaction(account, queue=queue)
    offer(queue)
    offer(queue, later(31))
    offer(queue, later(62))
    assert rings() == [ana.id]
    change(ben, presence=Presence.AVAILABLE)
    offer(queue, later(93))

    assert rings() == [ben.id]


@pytest.mark.parametrize(
    "columns", [{"presence": Presence.PAUSED}, {"presence": Presence.OFFLINE}, {"active": False}]
)
def test_only_who_is_available_is_rung(account, queue, ana, ben, columns):
    change(ana, **columns)
    make_interaction(account, queue=queue)
    offer(queue)

    assert rings() == [ben.id]


def test_an_accounts_own_list_narrows_who_is_rung(account, queue, ben):
    save(AccountAgent(account_id=account.id, user_id=ben.id))
    make_interaction(account, queue=queue)
    offer(queue)

    assert rings() == [ben.id]


def test_capacity_counts_conversations_and_offers(account, queue, ana, ben):
    change(ana, capacity=2)
    change(ben, capacity=1)
    make_interaction(account, owner=ana)
    waiting = [make_interaction(account, queue=queue) for _ in range(4)]
    offer(queue)

    assert sorted(rings()) == [ana.id, ben.id]
    assert [len(rings(interaction)) for interaction in waiting] == [1, 1, 0, 0]


def test_a_closed_conversation_takes_no_place(account, queue, ana):
    change(ana, capacity=1)
    make_interaction(account, owner=ana, state=InteractionState.CLOSED)
    make_interaction(account, queue=queue)
    offer(queue)

    assert rings() == [ana.id]


def test_capacity_nought_is_no_limit(account, queue, ana, ben):
    change(ana, capacity=0)
    change(ben, presence=Presence.OFFLINE)
    for _ in range(9):
        make_interaction(account, queue=queue)
    offer(queue)

    assert rings() == [ana.id] * 9


def test_higher_priority_goes_first_then_who_waits_longest(account, queue, ana, ben):
    for user in (ana, ben):
        change(user, capacity=1)
    make_interaction(account, queue=queue, waiting_since=later(0))
    oldest = make_interaction(account, queue=queue, waiting_since=later(-60))
    urgent = make_interaction(account, queue=queue, priority=5)
    offer(queue)

    assert rings(urgent) == [ana.id]
    assert rings(oldest) == [ben.id]


def test_a_heavier_queue_is_served_before_a_lighter_one(account, queue, ana, ben):
    heavy = make_queue("Urgent", [ana], weight=10)
    change(ana, capacity=1)
    change(ben, presence=Presence.OFFLINE)
    light_one = make_interaction(account, queue=queue, waiting_since=later(-60))
    heavy_one = make_interaction(account, queue=heavy)
    offer(queue)
    assert rings() == []
    offer(heavy)

    assert rings(heavy_one) == [ana.id]
    assert rings(light_one) == []


def test_a_heavier_queue_holds_back_only_places_it_can_use(account, queue, ana, ben):
    elsewhere = make_account()
    save(AccountAgent(account_id=elsewhere.id, user_id=ben.id))
    heavy = make_queue("Urgent", [ana], weight=10)
    make_interaction(elsewhere, queue=heavy)
    light_one = make_interaction(account, queue=queue)
    change(ana, capacity=1)
    offer(queue)

    assert rings(light_one) == [ana.id]


def test_a_conversation_past_its_end_is_not_offered(account, queue):
    make_interaction(account, queue=queue, session_expires_at=later(-1))
    offer(queue)

    assert rings() == []


def test_going_away_ends_ones_offers_and_asks_for_another_agent(account, queue, ana, ben):
    make_interaction(account, queue=queue)
    offer(queue)
    with unit_of_work():
        offering.withdraw(db.session.get(User, ana.id))
        db.session.get(User, ana.id).presence = Presence.OFFLINE
    assert hinted(queue)
    offer(queue)

    assert rings() == [ben.id]


def test_a_closed_conversation_stops_ringing(account, queue):
    interaction = make_interaction(account, queue=queue)
    offer(queue)
    with unit_of_work():
        offering.withdraw_from([interaction.id])

    assert rings() == []


def test_a_freed_agent_has_the_queues_looked_at_where_somebody_waits(account, queue, ana):
    quiet = make_queue("Quiet", [ana])
    make_interaction(account, queue=queue)
    with unit_of_work():
        offering.agent_freed(ana.id)

    assert hinted(queue)
    assert not hinted(quiet)


def test_the_tick_offers_lapses_and_goes_on(account, queue, ana, ben):
    interaction = make_interaction(account, queue=queue)
    offering.tick()
    assert rings() == [ana.id]
    offering.tick(later(31))

    assert rings() == [ben.id]
    assert kinds(interaction) == ["lapsed"]


def test_an_idle_tick_asks_the_database_once(account, queue):
    with counted_queries() as queries:
        offering.tick()

    assert len([query for query in queries if query.startswith("SELECT")]) == 1


def test_the_tick_ends_offers_even_where_nobody_is_left(account, queue, ana, ben):
    make_interaction(account, queue=queue)
    offering.tick()
    for user in (ana, ben):
        change(user, presence=Presence.OFFLINE)
    offering.tick(later(31))

    assert rings() == []


def test_a_queue_that_is_gone_is_no_error(app):
    with unit_of_work():
        offering.offer(4711)


def test_the_pointer_survives_in_the_queues_row(account, queue, ana):
    make_interaction(account, queue=queue)
    offer(queue)

    assert db.session.get(Queue, queue.id).last_offered_id == ana.id


def test_what_is_offered_is_still_waiting(account, queue):
    interaction = make_interaction(account, queue=queue)
    offer(queue)

    assert db.session.get(Interaction, interaction.id).state == InteractionState.WAITING


def test_a_queue_that_cannot_be_offered_holds_up_no_other(account, queue, ana, ben):
    broken = make_queue("Broken", [ana, ben], strategy="nobody_knows")
    for one in (broken, queue):
        make_interaction(account, queue=one)
    offering.tick()

    assert [row.queue_id for row in db.session.query(Offer)] == [queue.id]
