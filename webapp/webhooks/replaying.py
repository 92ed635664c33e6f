"""Runs stored webhooks again: one at once, or by a job all that a filter finds.

It is safe by construction: every event counts once, however often its webhook is read.
"""

import time
import uuid
from dataclasses import asdict
from datetime import datetime

import orjson
from sqlalchemy import exists, func, or_, select, update

from webapp import jobs, system
from webapp.database import lock
from webapp.extensions import db
from webapp.staff.models import AuditEntry, record
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.finding import Filter
from webapp.webhooks.models import SystemMark, WebhookPayload

MOST = 10_000
BATCH = 200
JOB_SECONDS = 25
PAUSE_SECONDS = 0.2
MARK = "replay:"
AFRESH = {
    "processed_at": None,
    "attempt_count": 0,
    "next_attempt_at": None,
    "error": None,
    "note": None,
}


class TooMany(ValueError):
    """More were found than one replay may take."""


def again(payload, by):
    """Read one again from the start; what it has already told is not told twice."""
    for name, value in AFRESH.items():
        setattr(payload, name, value)
    record(by, "tried_again", payload)
    jobs.hint("workers.inbound.drain", payload.account_id)


def ask(wanted, by):
    """Have all that this filter finds now read again; how many there are. Raises TooMany."""
    found = select(WebhookPayload.id).where(*_ready(wanted)).limit(MOST + 1).subquery()
    count, last = db.session.execute(select(func.count(), func.max(found.c.id))).one()
    if count > MOST:
        raise TooMany(f"More than {MOST:,} match. Choose an account, or a shorter time.")
    if count:
        name = f"{MARK}{uuid.uuid4().hex[:16]}"
        system.set_mark(name, _written(wanted, after=0, last=last))
        _note(wanted, by, count)
        jobs.hint("workers.inbound.replay", name)
    return count


def run(name, stop_asked=lambda: False):
    """Hand one replay's webhooks to the drains, a batch once the last one is through."""
    until = time.monotonic() + JOB_SECONDS
    while batch := _next_batch(name):
        while _under_way(batch):
            if time.monotonic() > until or stop_asked():
                return  # clock goes on with the next batch
            time.sleep(PAUSE_SECONDS)


def pending():
    """Replays that have not been handed over wholly: what no job finished."""
    names = select(SystemMark.name).where(SystemMark.name.startswith(MARK))
    return db.session.scalars(names.order_by(SystemMark.at)).all()


def _next_batch(name):
    """(id, account id) of the next ones, made work to do again; the mark ends with the last."""
    with unit_of_work():
        mark = db.session.scalar(lock(select(SystemMark).where(SystemMark.name == name)))
        if mark is None:
            return []
        wanted, after, last = _read(mark.value)
        batch = _matching(wanted, after, last)
        if not batch:
            db.session.delete(mark)
            return []
        ids = [row.id for row in batch]
        afresh = update(WebhookPayload).where(WebhookPayload.id.in_(ids)).values(AFRESH)
        db.session.execute(afresh.execution_options(synchronize_session=False))
        mark.value = _written(wanted, ids[-1], last)
        for account_id in {row.account_id for row in batch}:
            jobs.hint("workers.inbound.drain", account_id)
    return batch


def _matching(wanted, after, last):
    found = select(WebhookPayload.id, WebhookPayload.account_id).where(
        *_ready(wanted), WebhookPayload.id > after, WebhookPayload.id <= last
    )
    return db.session.execute(found.order_by(WebhookPayload.id).limit(BATCH)).all()


def _ready(wanted):
    """Those that have been tried: what still waits is read anyway."""
    tried = or_(WebhookPayload.processed_at.is_not(None), WebhookPayload.error.is_not(None))
    return [*wanted.conditions(), tried]


def _under_way(batch):
    """Whether a drain still has some of these before it; one that failed waits by itself."""
    still = exists().where(
        WebhookPayload.account_id.in_({row.account_id for row in batch}),
        WebhookPayload.id.between(batch[0].id, batch[-1].id),
        WebhookPayload.processed_at.is_(None),
        WebhookPayload.next_attempt_at.is_(None),
    )
    try:
        return db.session.scalar(select(still))
    finally:
        db.session.rollback()


def _written(wanted, after, last):
    return orjson.dumps({"filter": asdict(wanted), "after": after, "last": last}).decode()


def _read(value):
    stored = orjson.loads(value)
    fields = stored["filter"]
    for name in ("since", "until"):
        fields[name] = datetime.fromisoformat(fields[name]) if fields[name] else None
    return Filter(**fields), stored["after"], stored["last"]


def _note(wanted, by, count):
    told = {name: str(value) for name, value in asdict(wanted).items() if value}
    db.session.add(
        AuditEntry(
            actor_id=by.id,
            actor=by.name,
            action="tried_again",
            subject=WebhookPayload.__tablename__,
            after=told,
            note=f"{count} stored webhooks",
        )
    )
