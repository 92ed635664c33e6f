"""How an account is doing: what it last received, what went wrong, and what its provider says."""

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import selectinload

from webapp.accounts.access_points import provider_of
from webapp.accounts.models import Account, AccountDrain, RoutingStep
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.providers.base import CheckLine
from webapp.webhooks.models import AccountNotice, WebhookPayload

NOTICES = 5
COUNTED = 1000  # beyond this "1,000 or more" says enough


@dataclass(frozen=True, slots=True)
class Condition:
    last_event_at: datetime | None
    problem: str | None  # why the provider's account is not served at the moment
    waiting: int
    failed: int
    notices: list[AccountNotice]


@dataclass(frozen=True, slots=True)
class Checked:
    lines: list[CheckLine]
    milliseconds: int
    at: datetime

    @property
    def well(self):
        return all(line.ok for line in self.lines)


def listing(archived=False):
    """(account, drain row) by name; the number of queries does not grow with the accounts."""
    is_archived = Account.archived_at.is_not(None)
    rows = (
        select(Account, AccountDrain)
        .outerjoin(AccountDrain, AccountDrain.account_id == Account.id)
        .options(selectinload(Account.steps).joinedload(RoutingStep.queue))
        .where(is_archived if archived else ~is_archived)
        .order_by(Account.name, Account.id)
    )
    return [tuple(row) for row in db.session.execute(rows)]


def any_archived():
    return bool(db.session.scalar(select(exists().where(Account.archived_at.is_not(None)))))


def of(account):
    drain = db.session.get(AccountDrain, account.id)
    paused = drain is not None and drain.paused_until and drain.paused_until > utcnow()
    return Condition(
        last_event_at=drain.last_event_at if drain else None,
        problem=drain.problem if paused else None,
        waiting=_count(WebhookPayload.account_id == account.id, _unprocessed()),
        failed=_count(WebhookPayload.account_id == account.id, WebhookPayload.error.is_not(None)),
        notices=db.session.scalars(
            select(AccountNotice)
            .where(AccountNotice.account_id == account.id)
            .order_by(AccountNotice.id.desc())
            .limit(NOTICES)
        ).all(),
    )


def check(account):
    """Ask the provider about each part of the set-up, with no transaction open meanwhile."""
    provider = provider_of(account)
    db.session.rollback()
    began = time.monotonic()
    lines = provider.check()
    return Checked(lines, round((time.monotonic() - began) * 1000), utcnow())


def _count(*conditions):
    some = select(WebhookPayload.id).where(*conditions).limit(COUNTED)
    return db.session.scalar(select(func.count()).select_from(some.subquery()))


def _unprocessed():
    return WebhookPayload.processed_at.is_(None)
