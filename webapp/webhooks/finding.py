"""Stored webhooks as admins look for them: by account, state, error and time, a page at a time."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, or_, select, text

from webapp.columns import UtcDateTime
from webapp.extensions import db
from webapp.webhooks.draining import MOST_ATTEMPTS
from webapp.webhooks.models import WebhookPayload

PAGE = 50
# Several processes number the rows, so two neighbours may stand the other way round in time.
MARGIN = timedelta(minutes=1)

_DONE = WebhookPayload.processed_at.is_not(None)
_FAULTY = WebhookPayload.error.is_not(None)
_GIVEN_UP = or_(~_DONE, WebhookPayload.attempt_count >= MOST_ATTEMPTS)
STATES = {
    "waiting": and_(~_DONE, ~_FAULTY),
    "error": _FAULTY,
    "failed": and_(_FAULTY, _GIVEN_UP),
    "remarks": and_(_FAULTY, ~_GIVEN_UP),
    "applied": and_(_DONE, ~_FAULTY),
}

# A binary search along the primary key: rows are numbered as they arrive, so no index on their
# time is needed, which every webhook would have to pay for.
_EARLY = """coalesce((
    SELECT received_at FROM webhook_payloads WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1
) < :at, false)"""
_FIRST_AT = text(
    f"""
    WITH RECURSIVE search(low, high) AS (
        SELECT coalesce((SELECT min(id) FROM webhook_payloads), 0),
            coalesce((SELECT max(id) FROM webhook_payloads), 0) + 1
        UNION ALL
        SELECT CASE WHEN {_EARLY} THEN (low + high) / 2 + 1 ELSE low END,
            CASE WHEN {_EARLY} THEN high ELSE (low + high) / 2 END
        FROM search WHERE low < high
    )
    SELECT low FROM search WHERE low = high
    """
).bindparams(bindparam("at", type_=UtcDateTime()))


@dataclass(frozen=True, slots=True)
class Filter:
    account_id: int | None = None
    state: str | None = None
    words: str = ""  # somewhere in the error
    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self):
        return any(asdict(self).values())

    def conditions(self):
        """SQL conditions that an index answers, however many rows there are."""
        found = []
        if self.account_id is not None:
            found.append(WebhookPayload.account_id == self.account_id)
        if self.state:
            found.append(STATES[self.state])
        if self.words:
            pattern = f"%{_escaped(self.words)}%"
            found += [_FAULTY, WebhookPayload.error.ilike(pattern, escape="\\")]
        if self.since:
            found += [WebhookPayload.received_at >= self.since]
            found += [WebhookPayload.id >= _first_id(self.since - MARGIN)]
        if self.until:
            found += [WebhookPayload.received_at < self.until]
            found += [WebhookPayload.id < _first_id(self.until + MARGIN)]
        return found


def state_of(row):
    """The state's name, as the filter knows it."""
    if row.error is None:
        return "waiting" if row.processed_at is None else "applied"
    given_up = row.processed_at is None or row.attempt_count >= MOST_ATTEMPTS
    return "failed" if given_up else "remarks"


_COLUMNS = (
    WebhookPayload.id,
    WebhookPayload.account_id,
    WebhookPayload.provider,
    WebhookPayload.method,
    WebhookPayload.received_at,
    WebhookPayload.processed_at,
    WebhookPayload.next_attempt_at,
    WebhookPayload.attempt_count,
    WebhookPayload.error,
    (func.length(WebhookPayload.body) + func.length(WebhookPayload.query)).label("size"),
)


def page(wanted, before=None):
    """Rows of one page without their bodies, newest first, and where the next page begins."""
    found = select(*_COLUMNS).where(*wanted.conditions())
    if before:
        found = found.where(WebhookPayload.id < before)
    rows = db.session.execute(found.order_by(WebhookPayload.id.desc()).limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def _first_id(at):
    return db.session.scalar(_FIRST_AT, {"at": at})


def _escaped(words):
    for sign in ("\\", "%", "_"):
        words = words.replace(sign, "\\" + sign)
    return words
