"""Who is there to take conversations: said by themselves, or taken from a lost connection.

The status is a row. That a browser is connected is a Redis key the web process keeps young; if
Redis lost them all, everybody gets a new grace period. Nobody was there while all of Parley was
away: then when the clock last said that it runs is when people were last seen.
"""

import logging
import time
from datetime import UTC, datetime, timedelta

from redis.exceptions import RedisError
from sqlalchemy import select

from webapp import system
from webapp.analytics import keeping
from webapp.apart import apart
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.live import push
from webapp.queues import offering, ringing
from webapp.staff.models import Presence, Role, User
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=45)
PAUSE_REASONS = ("Lunch", "Break", "Training", "Other")
KEPT_SECONDS = 86_400


def set_presence(user, presence, reason=None, now=None):
    """What this person says of themselves; a pause ends their offers, not their conversations."""
    person = _locked(user.id)
    person.presence_before_loss = None
    _change(person, presence, reason if presence == Presence.PAUSED else None, now or utcnow())


def touch(user_ids):
    """These people's browsers are connected; the web process says so every ten seconds."""
    try:
        pipeline = redis_clients.hasty.pipeline(transaction=False)
        for user_id in user_ids:
            pipeline.set(seen_key(user_id), time.time(), ex=KEPT_SECONDS)
        pipeline.execute()
    except RedisError as error:
        log.warning("presence not kept: %s", error)


def connected(user_id, now=None):
    """A browser has connected: what its person was before the connection was lost holds again,
    and the time since they were last seen was none of theirs."""
    now = now or utcnow()
    gone_at = _seen_again(user_id, now)
    said = select(User.presence, User.presence_before_loss).where(User.id == user_id)
    presence, before = db.session.execute(said).one()
    if before is None and (gone_at is None or presence == Presence.OFFLINE):
        return
    with unit_of_work():
        if gone_at is not None:
            lost(user_id, gone_at)
        came_back(db.session.get(User, user_id), now)


def signed_in(user, now=None):
    """An agent who was away is there again."""
    now = now or utcnow()
    gone_at = _seen_again(user.id, now)
    if gone_at is not None:
        lost(user.id, gone_at)
    if user.presence_before_loss:
        came_back(user, now)
    elif user.presence == Presence.OFFLINE and user.role == Role.AGENT:
        set_presence(user, Presence.AVAILABLE, now=now)


def resumed(now=None):
    """Before the clock says again that it runs: when it last did is when people were last seen,
    where Redis does not know better."""
    now = now or utcnow()
    stopped_at = _stopped_at(now)
    if stopped_at is None:
        return
    try:
        pipeline = redis_clients.hasty.pipeline(transaction=False)
        for user_id in _there():
            pipeline.set(seen_key(user_id), stopped_at.timestamp(), ex=KEPT_SECONDS, nx=True)
        pipeline.execute()
    except RedisError as error:
        log.warning("nobody is counted as lost: %s", error)


def came_back(user, now=None):
    person = _locked(user.id)
    before, person.presence_before_loss = person.presence_before_loss, None
    if before and person.active:
        _change(person, before, person.pause_reason, now or utcnow())


def lost_now(now=None):
    """Each few seconds: whoever has been disconnected for longer than the grace is offline."""
    now = now or utcnow()
    gone = _disconnected(now)
    db.session.rollback()
    for user_id in gone:
        with apart("the loss of person %s", user_id), unit_of_work():
            _lost_still(user_id, now)


def _lost_still(user_id, now):
    """After an outage many come back while others are still counted as lost: with the person's row
    locked, whoever is seen again before this is not lost, and whoever is after it comes back."""
    _locked(user_id)
    gone_at = _disconnected(now, [user_id]).get(user_id)
    if gone_at is not None:
        lost(user_id, gone_at)


def lost(user_id, at=None):
    """Offline since then until they come back; offers go to others at once, conversations stay."""
    person = _locked(user_id)
    if person.presence == Presence.OFFLINE:
        return
    person.presence_before_loss = person.presence
    at = max(at or utcnow(), person.presence_at)  # a leader may have spoken for them meanwhile
    _change(person, Presence.OFFLINE, person.pause_reason, at)


def seen_key(user_id):
    return f"seen:{user_id}"


def _locked(user_id):
    return ringing.lock_people(User.id == user_id)[user_id]


def _change(person, presence, reason, now):
    person.pause_reason = reason
    if person.presence != presence:
        person.presence = presence
        person.presence_at = now
    keeping.agent_is(person, presence, reason if presence == Presence.PAUSED else None, now)
    db.session.flush()
    if presence == Presence.AVAILABLE:
        offering.agent_freed(person.id)
    else:
        offering.withdraw(person)
    push.changed(f"user:{person.id}")
    push.tell("presence", "inbox", user=person.id)


def _disconnected(now, user_ids=None):
    """{person who says to be there, but whose browsers have been silent for too long: since}; of
    these alone, or of everybody."""
    user_ids = _there() if user_ids is None else user_ids
    if not user_ids:
        return {}
    try:
        seen = redis_clients.hasty.mget([seen_key(user_id) for user_id in user_ids])
    except RedisError as error:
        log.warning("nobody is counted as lost: %s", error)
        return {}
    touch([user_id for user_id, at in zip(user_ids, seen, strict=True) if at is None])
    gone = {
        user_id: _gone_at(at, now)
        for user_id, at in zip(user_ids, seen, strict=True)
        if at is not None
    }
    return {user_id: at for user_id, at in gone.items() if at is not None}


def _there():
    there = select(User.id).where(User.presence != Presence.OFFLINE).order_by(User.id)
    return db.session.scalars(there).all()


def _seen_again(user_id, now):
    """They are there; since when they had been gone, None where they had not."""
    try:
        pipeline = redis_clients.hasty.pipeline()
        pipeline.get(seen_key(user_id))
        pipeline.set(seen_key(user_id), now.timestamp(), ex=KEPT_SECONDS)
        seen, _ = pipeline.execute()
    except RedisError as error:
        log.warning("presence not kept: %s", error)
        return None
    stopped_at = None if seen else _stopped_at(now)
    return _gone_at(seen or (stopped_at and stopped_at.timestamp()), now)


def _gone_at(seen, now):
    """When the grace of somebody last seen then (seconds since 1970) was over, if it is."""
    gone_at = datetime.fromtimestamp(float(seen), UTC) + GRACE if seen else now
    return gone_at if gone_at < now else None


def _stopped_at(now):
    """When the clock last said that it runs, if it should have said so since."""
    mark = system.mark_of(system.CLOCK)
    return mark.at if mark is not None and mark.at < now - GRACE else None
