from datetime import timedelta

import pytest

from tests.factories import make_interaction
from tests.queues.test_offering import change, hinted, offer, rings
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Interaction
from webapp.staff import presence
from webapp.staff.models import Presence, User
from webapp.unit_of_work import unit_of_work


def say(user, what, reason=None):
    with unit_of_work():
        presence.set_presence(db.session.get(User, user.id), what, reason)


def fresh(user):
    db.session.expire_all()
    return db.session.get(User, user.id)


def after(seconds):
    return utcnow() + timedelta(seconds=seconds)


@pytest.mark.parametrize("what", [Presence.PAUSED, Presence.OFFLINE])
def test_who_goes_away_gives_up_offers_and_keeps_conversations(account, queue, ana, ben, what):
    mine = make_interaction(account, owner=ana)
    make_interaction(account, queue=queue)
    offer(queue)
    say(ana, what, "Lunch")

    assert rings() == []
    assert hinted(queue)
    assert db.session.get(Interaction, mine.id).owner_id == ana.id


def test_a_pause_has_its_reason_until_it_ends(ana):
    say(ana, Presence.PAUSED, "Lunch")
    assert fresh(ana).pause_reason == "Lunch"
    say(ana, Presence.AVAILABLE)

    assert fresh(ana).pause_reason is None


def test_coming_back_from_a_pause_asks_for_offers(account, queue, ana):
    make_interaction(account, queue=queue)
    say(ana, Presence.AVAILABLE)

    assert hinted(queue)


def test_a_lost_connection_is_forgiven_within_the_grace(ana):
    presence.touch([ana.id])
    presence.lost_now(after(40))

    assert fresh(ana).presence == Presence.AVAILABLE


def test_after_the_grace_the_agent_is_offline_and_others_are_rung(account, queue, ana, ben):
    presence.touch([ana.id])
    make_interaction(account, queue=queue)
    offer(queue)
    presence.lost_now(after(46))

    assert fresh(ana).presence == Presence.OFFLINE
    assert rings() == []
    offer(queue)
    assert rings() == [ben.id]


def test_who_was_never_seen_gets_a_grace_period_first(ana):
    presence.lost_now()
    assert fresh(ana).presence == Presence.AVAILABLE
    presence.lost_now(after(46))

    assert fresh(ana).presence == Presence.OFFLINE


def test_after_redis_lost_everything_a_new_grace_period_begins(ana):
    presence.touch([ana.id])
    redis_clients.hasty.flushdb()
    presence.lost_now(after(46))

    assert fresh(ana).presence == Presence.AVAILABLE


@pytest.mark.parametrize(
    ("before", "reason"), [(Presence.AVAILABLE, None), (Presence.PAUSED, "Training")]
)
def test_connecting_again_restores_what_was_before(ana, before, reason):
    change(ana, presence=before, pause_reason=reason)
    presence.touch([ana.id])
    presence.lost_now(after(46))
    presence.connected(ana.id)

    assert (fresh(ana).presence, fresh(ana).pause_reason) == (before, reason)


def test_who_went_offline_by_choice_stays_so_on_connecting(ana):
    say(ana, Presence.OFFLINE)
    presence.connected(ana.id)

    assert fresh(ana).presence == Presence.OFFLINE


def test_who_was_switched_off_meanwhile_does_not_come_back(ana):
    presence.touch([ana.id])
    presence.lost_now(after(46))
    change(ana, active=False)
    presence.connected(ana.id)

    assert fresh(ana).presence == Presence.OFFLINE
