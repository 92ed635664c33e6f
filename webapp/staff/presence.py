"""Who is there to take conversations: said by themselves, or taken from a lost connection.

The status is a row. That a browser is connected is a Redis key the web process keeps young; if
Redis lost them all, everybody gets a new grace period.
"""

import logging
import time
from datetime import timedelta

from redis.exceptions import RedisError
from sqlalchemy import select

from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.live import push
from webapp.queues import offering, ringing
from webapp.staff.models import Presence, User
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


def connected(user_id):
    """A browser has connected: what its person was before the connection was lost holds again."""
    touch([user_id])
    before = select(User.presence_before_loss).where(User.id == user_id)
    if db.session.scalar(before) is not None:
        with unit_of_work():
            came_back(db.session.get(User, user_id))


def came_back(user, now=None):
    person = _locked(user.id)
    before, person.presence_before_loss = person.presence_before_loss, None
    if before and person.active:
        _change(person, before, person.pause_reason, now or utcnow())


def lost_now(now=None):
    """Each few seconds: whoever has been disconnected for longer than the grace is offline."""
    now = now or utcnow()
    user_ids = _disconnected(now)
    db.session.rollback()
    for user_id in user_ids:
        with unit_of_work():
            lost(user_id, now)


def lost(user_id, now=None):
    """Offline until they come back; offers go to others at once, conversations stay."""
    person = _locked(user_id)
    if person.presence == Presence.OFFLINE:
        return
    person.presence_before_loss = person.presence
    _change(person, Presence.OFFLINE, person.pause_reason, now or utcnow())


def seen_key(user_id):
    return f"seen:{user_id}"


def _locked(user_id):
    return ringing.lock_people(User.id == user_id)[user_id]


def _change(person, presence, reason, now):
    person.pause_reason = reason
    if person.presence != presence:
        person.presence = presence
        person.presence_at = now
    db.session.flush()
    if presence == Presence.AVAILABLE:
        offering.agent_freed(person.id)
    else:
        offering.withdraw(person)
    push.changed(f"user:{person.id}")
    push.tell("presence", "inbox", user=person.id)


def _disconnected(now):
    """People who say they are there, but whose browsers have been silent for too long."""
    there = select(User.id).where(User.presence != Presence.OFFLINE).order_by(User.id)
    user_ids = db.session.scalars(there).all()
    if not user_ids:
        return []
    try:
        seen = redis_clients.hasty.mget([seen_key(user_id) for user_id in user_ids])
    except RedisError as error:
        log.warning("nobody is counted as lost: %s", error)
        return []
    touch([user_id for user_id, at in zip(user_ids, seen, strict=True) if at is None])
    oldest = (now - GRACE).timestamp()
    return [
        user_id
        for user_id, at in zip(user_ids, seen, strict=True)
        if at is not None and float(at) < oldest
    ]
