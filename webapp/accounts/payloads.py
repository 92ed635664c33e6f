"""Webhooks that were kept but could not be applied, for an admin to look at and try again."""

from sqlalchemy import select

from webapp import jobs
from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.staff.models import record
from webapp.webhooks.models import WebhookPayload

PAGE = 20
MOST_SHOWN = 20_000  # characters of one body; the rest is said to be there


def failed(before=None):
    """(payload, account) of one page, newest first, and where the next page begins."""
    found = (
        select(WebhookPayload, Account)
        .join(Account, Account.id == WebhookPayload.account_id)
        .where(WebhookPayload.error.is_not(None))
        .order_by(WebhookPayload.id.desc())
        .limit(PAGE + 1)
    )
    if before:
        found = found.where(WebhookPayload.id < before)
    rows = [tuple(row) for row in db.session.execute(found)]
    more = len(rows) > PAGE
    return rows[:PAGE], rows[PAGE - 1][0].id if more else None


def retry(payload, by):
    """Read it again from the start; what it has already told is not told twice."""
    payload.processed_at = None
    payload.attempt_count = 0
    payload.next_attempt_at = None
    payload.error = None
    payload.note = None
    record(by, "tried_again", payload)
    jobs.hint("workers.inbound.drain", payload.account_id)


def readable(body):
    """The body as text, and how many characters were left out."""
    text = body.decode("utf-8", "replace")
    return text[:MOST_SHOWN], max(0, len(text) - MOST_SHOWN)
