from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_interaction, save
from tests.queues.test_offering import change, hinted, offer, rings
from webapp import system
from webapp.analytics import keeping
from webapp.analytics.models import AgentInterval
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Interaction
from webapp.staff import presence, signing_in
from webapp.staff.models import Presence, User
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import SystemMark


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


def states_of(user):
    rows = select(AgentInterval).where(AgentInterval.user_id == user.id).order_by(AgentInterval.id)
    return [(row.state, row.from_at, row.to_at) for row in db.session.scalars(rows)]


def here_since(user, at):
    change(user, presence_at=at)
    with unit_of_work():
        presence.set_presence(db.session.get(User, user.id), Presence.AVAILABLE, now=at)


def last_seen(user, at):
    redis_clients.patient.set(presence.seen_key(user.id), at.timestamp())


NOW = utcnow().replace(microsecond=0)
MORNING, OUTAGE = NOW - timedelta(hours=3), NOW - timedelta(hours=2)
GONE = OUTAGE + presence.GRACE


def clock_stopped(at):
    save(SystemMark(name=system.CLOCK, value="1", at=at))


def test_whoever_is_lost_was_there_until_their_grace_was_over(ana):
    here_since(ana, MORNING)
    last_seen(ana, OUTAGE)
    presence.lost_now(NOW)

    assert states_of(ana) == [("available", MORNING, GONE), ("offline", GONE, None)]
    assert fresh(ana).presence_at == GONE


def test_whoever_comes_back_before_clock_looks_was_away_meanwhile(ana):
    here_since(ana, MORNING)
    last_seen(ana, OUTAGE)
    presence.connected(ana.id, NOW)
    presence.lost_now(NOW)

    assert states_of(ana) == [
        ("available", MORNING, GONE),
        ("offline", GONE, NOW),
        ("available", NOW, None),
    ]
    assert fresh(ana).presence == Presence.AVAILABLE


def test_signing_in_after_an_outage_counts_from_then(ana):
    here_since(ana, MORNING)
    last_seen(ana, OUTAGE)
    with unit_of_work():
        signing_in.begin(db.session.get(User, ana.id), now=NOW)

    assert states_of(ana)[1:] == [("offline", GONE, NOW), ("available", NOW, None)]


def test_a_second_browser_changes_nothing(ana):
    here_since(ana, MORNING)
    last_seen(ana, NOW - timedelta(seconds=20))
    presence.connected(ana.id, NOW)

    assert states_of(ana) == [("available", MORNING, None)]


def test_after_an_outage_that_redis_did_not_survive_the_clock_s_word_counts(ana, ben):
    for person in (ana, ben):
        here_since(person, MORNING)
    clock_stopped(OUTAGE)
    presence.connected(ana.id, NOW)  # before the clock runs
    presence.resumed(NOW)
    presence.lost_now(NOW)

    assert states_of(ana)[1:] == [("offline", GONE, NOW), ("available", NOW, None)]
    assert states_of(ben)[1:] == [("offline", GONE, None)]


def test_a_clock_that_was_away_alone_bounds_nobody(ana):
    here_since(ana, MORNING)
    clock_stopped(OUTAGE)
    last_seen(ana, NOW - timedelta(seconds=5))
    presence.resumed(NOW)
    presence.connected(ana.id, NOW)
    presence.lost_now(NOW)

    assert states_of(ana) == [("available", MORNING, None)]


def test_a_clock_that_starts_again_at_once_bounds_nobody(ana):
    here_since(ana, MORNING)
    clock_stopped(NOW - timedelta(seconds=20))
    presence.resumed(NOW)
    presence.lost_now(NOW)

    assert states_of(ana) == [("available", MORNING, None)]


def test_what_a_leader_said_meanwhile_is_not_undone_before_it_was_said(ana):
    here_since(ana, MORNING)
    last_seen(ana, MORNING)
    said_at = NOW - timedelta(seconds=10)
    with unit_of_work():
        presence.set_presence(db.session.get(User, ana.id), Presence.PAUSED, "Break", said_at)
    presence.lost_now(NOW)

    assert states_of(ana)[-1] == ("offline", said_at, None)


def test_one_whose_loss_fails_holds_up_no_other(ana, ben, monkeypatch):
    for person in (ana, ben):
        last_seen(person, OUTAGE)
    keep = keeping.agent_is

    def fail_for_ana(person, *more):
        if person.id == ana.id:
            raise ValueError("broken")
        keep(person, *more)

    monkeypatch.setattr(keeping, "agent_is", fail_for_ana)
    presence.lost_now(NOW)

    assert fresh(ana).presence == Presence.AVAILABLE
    assert fresh(ben).presence == Presence.OFFLINE


def test_who_comes_back_while_others_are_counted_as_lost_stays(ana, ben, monkeypatch):
    first, second = sorted((ana, ben), key=lambda person: person.id)
    for person in (first, second):
        last_seen(person, OUTAGE)
    keep = keeping.agent_is

    def meanwhile_the_second_connects(person, *more):
        presence.touch([second.id])
        keep(person, *more)

    monkeypatch.setattr(keeping, "agent_is", meanwhile_the_second_connects)
    presence.lost_now(NOW)

    assert fresh(first).presence == Presence.OFFLINE
    assert fresh(second).presence == Presence.AVAILABLE
