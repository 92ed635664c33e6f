"""Real threads, real transactions: whoever reaches for the same thing, one gets it."""

import threading
from collections import Counter

import pytest

from tests.factories import make_account, make_interaction, make_queue, make_user
from tests.queues.test_offering import offer
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import CloseReason, Interaction, InteractionState
from webapp.queues import offering
from webapp.queues.models import Offer, OfferState, Strategy
from webapp.staff import presence
from webapp.staff.models import Presence, User
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def race(app):
    """Start all at once, each in a thread and transaction of its own; gives what came of them."""

    def run(*attempts):
        gate = threading.Barrier(len(attempts))
        results = [None] * len(attempts)

        def attempt(place, do):
            with app.app_context():
                gate.wait(10)
                try:
                    with unit_of_work():
                        do()
                    results[place] = "won"
                except offering.Refused as refused:
                    results[place] = type(refused).__name__

        threads = [
            threading.Thread(target=attempt, args=numbered) for numbered in enumerate(attempts)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        db.session.rollback()
        return Counter(results)

    return run


def accepting(offer_id, user_id):
    return lambda: offering.accept(db.session.get(Offer, offer_id), db.session.get(User, user_id))


def taking(interaction_id, user_id):
    return lambda: offering.take(
        db.session.get(Interaction, interaction_id), db.session.get(User, user_id)
    )


def open_offers():
    return db.session.query(Offer).filter_by(state=OfferState.OPEN).all()


def crowd(count, capacity=6):
    agents = [make_user(f"Agent {n}", capacity=capacity) for n in range(count)]
    return make_queue("Crowd", agents, strategy=Strategy.BEEP_ALL), agents


def test_of_twenty_who_accept_one_offer_exactly_one_wins(app, race):
    queue, _ = crowd(20)
    interaction = make_interaction(make_account(queue), queue=queue)
    offer(queue)
    offers = [(row.id, row.user_id) for row in open_offers()]
    assert len(offers) == 20

    outcome = race(*(accepting(*pair) for pair in offers))

    assert outcome == {"won": 1, "Taken": 19}
    owner_id = db.session.get(Interaction, interaction.id).owner_id
    accepted = db.session.query(Offer).filter_by(state=OfferState.ACCEPTED).one()
    assert accepted.user_id == owner_id
    assert open_offers() == []


def test_parallel_accepts_never_exceed_an_agents_capacity(app, race):
    queue, (agent,) = crowd(1, capacity=6)
    account = make_account(queue)
    for _ in range(6):
        make_interaction(account, queue=queue)
    offer(queue)
    with unit_of_work():
        db.session.get(User, agent.id).capacity = 2
    offers = [(row.id, row.user_id) for row in open_offers()]

    outcome = race(*(accepting(*pair) for pair in offers))

    assert outcome == {"won": 2, "Full": 4}
    assert db.session.query(Interaction).filter_by(owner_id=agent.id).count() == 2


def test_two_queues_that_offer_at_once_never_overfill_an_agent(app, race):
    agents = [make_user(f"Agent {n}", capacity=2) for n in range(3)]
    queues = [make_queue(f"Queue {n}", agents) for n in range(4)]
    for queue in queues:
        account = make_account(queue)
        for _ in range(4):
            make_interaction(account, queue=queue)

    race(*(lambda id=queue.id: offering.offer(id) for queue in queues * 2))

    held = Counter(row.user_id for row in open_offers())
    assert set(held.values()) == {2}
    once = Counter(row.interaction_id for row in open_offers())
    assert set(once.values()) == {1}


def test_accept_against_take_against_close_leaves_one_truth(app, race):
    queue, agents = crowd(4)
    account = make_account(queue)
    for _ in range(5):
        interaction = make_interaction(account, queue=queue)
        offer(queue)
        offers = [
            (row.id, row.user_id) for row in open_offers() if row.interaction_id == interaction.id
        ]
        number = interaction.id

        ended = []

        def close(number=number, ended=ended):
            ended.append(closing.close(db.session.get(Interaction, number), CloseReason.TIMEOUT))

        race(*(accepting(*pair) for pair in offers[:2]), taking(number, agents[3].id), close)

        after = db.session.get(Interaction, number)
        # Taken over between its look and its UPDATE, the conversation is no longer its to close.
        assert after.state == (InteractionState.CLOSED if ended[0] else InteractionState.ASSIGNED)
        assert [row for row in open_offers() if row.interaction_id == number] == []


def test_accepting_while_the_tick_lapses_and_people_leave_never_locks_up(app, race):
    queue, agents = crowd(6)
    account = make_account(queue)
    for _ in range(6):
        make_interaction(account, queue=queue)
    offer(queue)
    offers = [(row.id, row.user_id) for row in open_offers()][::5]

    def leave(user_id):
        return lambda: presence.set_presence(db.session.get(User, user_id), Presence.OFFLINE)

    outcome = race(
        *(accepting(*pair) for pair in offers),
        *(leave(agent.id) for agent in agents[3:]),
        *(lambda: offering.offer(queue.id) for _ in range(3)),
    )

    assert None not in outcome
    assert sum(outcome.values()) == len(offers) + 6
    gone = {agent.id for agent in agents[3:]}
    assert not gone & {row.user_id for row in open_offers()}
