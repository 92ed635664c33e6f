"""Applies an account's stored webhooks in order; whoever holds the account's drain row does it."""

import logging
import time
import traceback
from datetime import timedelta

from sqlalchemy import bindparam, or_, select, update

from webapp import jobs, metrics
from webapp.accounts.models import AccountDrain
from webapp.campaigns.results import receipts as campaign_receipts
from webapp.columns import utcnow
from webapp.database import insert, lock
from webapp.extensions import db
from webapp.inbox import receipts
from webapp.unit_of_work import after_commit, unit_of_work
from webapp.webhooks import payloads
from webapp.webhooks.applying import Slice, make_contacts
from webapp.webhooks.models import WebhookPayload

log = logging.getLogger(__name__)

DRAIN_SECONDS = 30  # then another job goes on: this one must end by itself
SLICE_EVENTS = {"sqlite": 100, "postgresql": 300}
# On SQLite a waiting writer stops a whole web process; elsewhere only other drains wait.
HOLD_SECONDS = {"sqlite": 0.05, "postgresql": 1.0}
BACK_OFF = (10, 60, 600, 3600)
MOST_ATTEMPTS = 8

# Statements of every pass, built once: building one costs as much as running it.
DRAINS, PAYLOADS = AccountDrain.__table__, WebhookPayload.__table__
_MINE = lock(
    select(DRAINS.c.account_id).where(DRAINS.c.account_id == bindparam("own")), skip_locked=True
)
_WAITING = select(PAYLOADS.c.id).where(
    PAYLOADS.c.id.in_(bindparam("ids", expanding=True)), PAYLOADS.c.processed_at.is_(None)
)
_PLAIN = (
    update(PAYLOADS)
    .where(PAYLOADS.c.id.in_(bindparam("ids", expanding=True)), PAYLOADS.c.processed_at.is_(None))
    .values(processed_at=bindparam("now"), next_attempt_at=None, error=None)
)
_HEARD = (
    update(DRAINS)
    .where(
        DRAINS.c.account_id == bindparam("own"),
        # One that is read again came long ago.
        or_(DRAINS.c.last_event_at.is_(None), DRAINS.c.last_event_at < bindparam("heard")),
    )
    .values(last_event_at=bindparam("heard"))
)


class Taken(Exception):
    """Another process drains this account; it looks again after its last release."""


def drain(account_id, stop_asked=lambda: False):
    """Apply what is unprocessed. Ends only after an empty read made after its last release."""
    until = time.monotonic() + DRAIN_SECONDS
    while batch := payloads.read_batch(account_id):
        try:
            for part in _parts(batch):
                _drain_part(account_id, part)
        except Taken:
            return
        if time.monotonic() > until or stop_asked():
            jobs.hint_now("workers.inbound.drain", account_id)
            return
    db.session.rollback()


def accounts_with_work():
    """Accounts with payloads that are due: what no job picked up."""
    found = select(WebhookPayload.account_id).where(*payloads.waiting()).distinct()
    return db.session.scalars(found).all()


def _parts(batch):
    """Payloads that failed before go alone, so that they split nobody else's batch again."""
    together = []
    for payload in batch:
        if payload.attempt_count or payload.fault:
            if together:
                yield together
                together = []
            yield [payload]
        else:
            together.append(payload)
    if together:
        yield together


def _drain_part(account_id, part):
    tasks = [task for payload in part for task in payload.tasks]
    try:
        known = make_contacts(tasks)
        _apply_all(account_id, part, tasks, known)
    except Taken:
        raise
    except Exception as error:
        _log(error, "a batch of %s payloads of account %s is split", len(part), account_id)
        for payload in part:
            _apply_alone(account_id, payload)
    _mark_others(account_id, tasks)


def _apply_all(account_id, part, tasks, known):
    """Messages and news in order, then the receipts, which need no order.

    Two transactions, because the sender locks a message before its conversation, and this the
    other way round: together they would wait for each other.
    """
    receipts_of = {task.payload for task in tasks if task.is_receipt}
    others = [payload for payload in part if payload not in receipts_of]
    in_order = [task for task in tasks if not task.is_receipt]
    if in_order or others:
        _apply_in_order(account_id, part, in_order, others, known)
    if receipts_of:
        _apply_told(account_id, [task for task in tasks if task.is_receipt], receipts_of)


def _apply_in_order(account_id, part, rest, finished, known):
    while True:
        with unit_of_work():
            _hold(account_id)
            waiting = _still_waiting(part)
            rest = _apply_slice([task for task in rest if task.payload.id in waiting], known)
            if not rest:
                _finish(account_id, [payload for payload in finished if payload.id in waiting])
                return


def _apply_told(account_id, rest, finished):
    size = SLICE_EVENTS[db.engine.dialect.name]
    while rest:
        told, rest = rest[:size], rest[size:]
        with unit_of_work():
            _hold(account_id)
            unmatched = _apply_receipts(told)
            if not rest:
                _finish(account_id, finished)
        _look_again(unmatched)


def _apply_slice(tasks, known):
    """Apply as many as one transaction may hold the database for; gives back the others."""
    size = SLICE_EVENTS[db.engine.dialect.name]
    slice_of, rest = tasks[:size], tasks[size:]
    until = time.monotonic() + HOLD_SECONDS[db.engine.dialect.name]
    loaded = Slice(slice_of, known, utcnow())
    applied = 0
    for task in slice_of:
        loaded.apply(task)
        applied += 1
        if time.monotonic() > until:
            break
    loaded.finish()
    return slice_of[applied:] + rest


def _apply_receipts(tasks):
    by_account = {}
    for task in tasks:
        by_account.setdefault(task.account, []).append(
            (task.event, task.payload.id, task.payload.received_at)
        )
    unmatched = []
    for account in sorted(by_account, key=lambda account: account.id):
        others = campaign_receipts.apply(account, by_account[account])
        unmatched += receipts.apply(account, others)
    return unmatched


def _look_again(unmatched):
    """A send recorded while these were being kept did not see them, nor they it."""
    if unmatched:
        with unit_of_work():
            campaign_receipts.settle_receipts(receipts.settle_receipts(unmatched))


def _apply_alone(account_id, payload):
    """One transaction for each event: a poisoned one fails by itself, the others count once."""
    faults = [_described(payload.fault)] if payload.fault else []
    for task in payload.tasks:
        try:
            _apply_one(account_id, task)
        except Taken:
            raise
        except Exception as error:
            _log(error, "event %s of payload %s failed", task.place, payload.id)
            kind = type(task.event).__name__
            faults.append(f"Event {task.place} ({kind}): {_described(error)}")
    with unit_of_work():
        _hold(account_id)
        if faults:
            _postpone(payload, faults)
        elif payload.id in _still_waiting([payload]):
            _finish(account_id, [payload])


def _apply_one(account_id, task):
    known = make_contacts([task])
    unmatched = []
    with unit_of_work():
        _hold(account_id)
        if task.payload.id not in _still_waiting([task.payload]):
            return
        if task.is_receipt:
            unmatched = _apply_receipts([task])
        else:
            _apply_slice([task], known)
    _look_again(unmatched)


def _hold(account_id):
    """Lock the account's drain row until the commit; it dies with its process."""
    if db.session.scalar(_MINE, {"own": account_id}) is not None:
        return
    made = insert(DRAINS).on_conflict_do_nothing(index_elements=["account_id"])
    row = made.returning(DRAINS.c.account_id)
    if db.session.scalar(row, {"account_id": account_id}) is None:
        raise Taken


def _still_waiting(part):
    """Which of these nobody processed between our reading and our lock."""
    ids = [payload.id for payload in part]
    return set(db.session.scalars(_WAITING, {"ids": ids}))


def _finish(account_id, part):
    now = utcnow()
    plain = [payload.id for payload in part if not payload.note]
    if plain:
        db.session.execute(_PLAIN, {"ids": plain, "now": now})
    for payload in part:
        if payload.note:
            # The note is short for lists; as an error it is among what admins look through.
            values = {"note": payload.note[:200], "error": payload.note[:2000]}
            _update([payload.id], processed_at=now, next_attempt_at=None, **values)
    if part:
        _mark(account_id, max(payload.received_at for payload in part))
        lags = [(now - payload.received_at).total_seconds() for payload in part]
        after_commit("lags", lambda: _observe(lags))


def _observe(lags):
    for lag in lags:
        metrics.observe("parley_webhook_lag_seconds", lag)


def _postpone(payload, faults):
    """Back off, and after the last attempt leave it to an admin."""
    now, attempts = utcnow(), payload.attempt_count + 1
    wait = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
    _update(
        [payload.id],
        attempt_count=attempts,
        error="\n".join(faults[:20])[:4000],
        note=payload.note[:200] if payload.note else None,
        next_attempt_at=now + timedelta(seconds=wait),
        processed_at=now if attempts >= MOST_ATTEMPTS else None,
    )


def _update(ids, **values):
    db.session.execute(
        update(PAYLOADS)
        .where(WebhookPayload.id.in_(ids), WebhookPayload.processed_at.is_(None))
        .values(**values)
    )


def _mark(account_id, at):
    db.session.execute(_HEARD, {"own": account_id, "heard": at})


def _mark_others(account_id, tasks):
    """Other numbers of the same app were heard of too; a unit each, so no two rows are held."""
    others = {task.account.id: task.payload.received_at for task in tasks}
    others.pop(account_id, None)
    for other, at in others.items():
        with unit_of_work():
            _mark(other, at)


def _described(error):
    """Class and rule, never values: errors of the database quote what customers wrote."""
    cause = getattr(error, "orig", None)
    if cause is None:
        return f"{type(error).__name__}."
    rule = getattr(getattr(cause, "diag", None), "constraint_name", None)
    name = type(cause).__name__
    return f"{name} ({rule})." if rule else f"{name}."


def _log(error, words, *values):
    frames = "".join(traceback.format_tb(error.__traceback__)[-4:])
    log.error(f"{words}: %s\n%s", *values, _described(error), frames)
