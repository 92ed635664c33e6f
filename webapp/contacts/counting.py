"""How many contacts there are: counted once a minute beside the page, never while it waits."""

import hashlib
import json
import logging
import time
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import func, select

from webapp.contacts import views
from webapp.contacts.models import LISTED, Contact, ContactListMember
from webapp.extensions import db, redis_clients
from webapp.staff import access
from webapp.tables.paging import narrowed

log = logging.getLogger(__name__)

FRESH = 60  # seconds
KEPT = 24 * 3600  # an older figure is shown until the next one is there


@dataclass(frozen=True, slots=True)
class Figure:
    value: Any = None
    is_fresh: bool = False


def known(user):
    """{view's name: how many} as last counted."""
    return _read(_key(user, "lists"))


def counted(user):
    """The same, counted now."""
    counts = {
        name: _count(views.statement(user, views.View(name)))
        for name in (views.ALL, views.OPTED_OUT, views.BLOCKED)
    }
    members = (
        select(ContactListMember.contact_list_id, func.count())
        .join(Contact, Contact.id == ContactListMember.contact_id)
        .where(LISTED)
        .group_by(ContactListMember.contact_list_id)
    )
    counts |= {str(list_id): count for list_id, count in db.session.execute(members)}
    _write(_key(user, "lists"), counts)
    return counts


def known_total(user, view, table, state):
    """How many match what is on screen, as last counted."""
    return _read(_key(user, "match", view.name, narrowing(table, state)))


def counted_total(user, view, table, state):
    count = _count(narrowed(table, views.statement(user, view), state))
    _write(_key(user, "match", view.name, narrowing(table, state)), count)
    return count


def forget(user):
    """After a change by this person their own figures are counted again."""
    try:
        redis = redis_clients.hasty
        redis.delete(_key(user, "lists"))
    except RedisError as error:
        log.warning("counts not forgotten: %s", error)


def narrowing(table, state):
    """What of a page's view decides which contacts match: no order, no place in it."""
    arguments = state.arguments(table, sort=table.sort)
    return json.dumps(arguments, sort_keys=True) if arguments else ""


def _count(statement):
    count = statement.with_only_columns(func.count(), maintain_column_froms=True)
    return db.session.scalar(count.order_by(None))


def _key(user, *parts):
    # Leaders see the same; whatever agents see is their own.
    who = "leaders" if access.leads(user) else str(user.id)
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    return f"contacts:{who}:{digest}"


def _read(key):
    try:
        value = redis_clients.hasty.get(key)
    except RedisError as error:
        log.warning("counts not read: %s", error)
        return Figure()
    if value is None:
        return Figure()
    at, found = json.loads(value)
    return Figure(found, is_fresh=time.time() - at < FRESH)


def _write(key, value):
    try:
        redis_clients.hasty.set(key, json.dumps([time.time(), value]), ex=KEPT)
    except RedisError as error:
        log.warning("counts not kept: %s", error)
