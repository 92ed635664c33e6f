"""Stored webhooks are kept for some weeks, those with an error twice as long, then deleted."""

from datetime import timedelta

from flask import current_app
from sqlalchemy import delete, func, select

from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import WebhookPayload

BATCH = 500  # rows for which a writer holds the database at a time
LONGER = 2  # times, for those an admin may still have to look at


def sweep(stop_asked=lambda: False, now=None):
    """Delete what is processed and old enough, oldest first; how many rows.

    Walks along the primary key and ends at the first batch that is young: ids and times grow
    together, so the table is never read as a whole.
    """
    kept_for = timedelta(days=current_app.config["PAYLOAD_RETENTION_DAYS"])
    young = (now or utcnow()) - kept_for
    old = young - kept_for * (LONGER - 1)
    removed, after = 0, 0
    while not stop_asked():
        with unit_of_work():
            last, oldest = _next_batch(after)
            if last is None or oldest >= young:
                break
            removed += _delete(after, last, young, old)
        after = last
    return removed


def _next_batch(after):
    """Its last id and the time of its oldest row."""
    batch = (
        select(WebhookPayload.id, WebhookPayload.received_at)
        .where(WebhookPayload.id > after)
        .order_by(WebhookPayload.id)
        .limit(BATCH)
        .subquery()
    )
    return db.session.execute(select(func.max(batch.c.id), func.min(batch.c.received_at))).one()


def _delete(after, last, young, old):
    """Messages and receipts go on without theirs: the passport says that it is no longer kept."""
    done = delete(WebhookPayload).where(
        WebhookPayload.id > after,
        WebhookPayload.id <= last,
        WebhookPayload.processed_at.is_not(None),
        WebhookPayload.received_at < young,
        WebhookPayload.error.is_(None) | (WebhookPayload.received_at < old),
    )
    return db.session.execute(done.execution_options(synchronize_session=False)).rowcount
