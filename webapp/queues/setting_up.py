"""Adds, changes and deletes queues; each change leaves an audit row."""

from sqlalchemy import exists, func, select

from webapp.alarms.models import KEPT, AlarmRule
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionEvent
from webapp.queues import listing, members
from webapp.queues.models import Offer, Queue
from webapp.staff import assigning
from webapp.staff.models import differences, record

COLUMNS = ("name", "description", "strategy", "timeout", "weight", "reply_target", "interval_id")


class InUse(Exception):
    """Why a queue can't be deleted, in words for the screen."""


def add(values, user_ids, by):
    queue = Queue(**{name: values[name] for name in COLUMNS if name in values})
    db.session.add(queue)
    db.session.flush()
    members.set_members(queue, user_ids)
    assigning.lead_too(by, queue)
    record(by, "added", queue, after=facts(queue))
    return queue


def change(queue, values, user_ids, by):
    before = facts(queue)
    for name in COLUMNS:
        setattr(queue, name, values[name])
    members.set_members(queue, user_ids)
    old, new = differences(before, facts(queue))
    if new:
        record(by, "changed", queue, before=old, after=new)


def remove(queue, by):
    """Delete a queue nothing depends on; raises InUse with the reason otherwise."""
    accounts = listing.accounts_served(queue)
    if accounts:
        names = ", ".join(accounts)
        raise InUse(f"{names} leads here. Choose another queue on the account's page first.")
    rules = db.session.scalars(
        select(AlarmRule.name).where(AlarmRule.queue_id == queue.id, KEPT).order_by(AlarmRule.name)
    ).all()
    if rules:
        names = ", ".join(rules)
        raise InUse(f"The alarm {names} watches this queue. Let it watch another, or delete it.")
    if _has_history(queue):
        raise InUse(
            "Conversations went through this queue and their history names it. "
            "Remove its members instead: then it rings nobody."
        )
    record(by, "deleted", queue, before=facts(queue))
    db.session.delete(queue)
    db.session.flush()


def has_name(name, but=None):
    found = select(Queue.id).where(func.lower(Queue.name) == name.strip().lower())
    if but is not None:
        found = found.where(Queue.id != but.id)
    return db.session.scalar(found) is not None


def facts(queue):
    facts = {name: getattr(queue, name) for name in COLUMNS}
    return facts | {"members": [member.user_id for member in queue.members]}


def _has_history(queue):
    named = (
        exists().where(table.queue_id == queue.id)
        for table in (Interaction, Offer, InteractionEvent)
    )
    return any(db.session.scalar(select(found)) for found in named)
