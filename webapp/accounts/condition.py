"""How an account is doing: what it last received and sent, what went wrong, and what waits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from webapp.accounts import standing
from webapp.accounts.models import Account, AccountDrain, AccountHealth, RoutingStep
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Message, MessageStatus
from webapp.webhooks.models import AccountNotice, WebhookPayload

NOTICES = 5
COUNTED = 1000  # beyond this "1,000 or more" says enough
# What a check may find that is worth showing, and what it is called.
FACTS = {
    "quality": "Quality",
    "messaging_limit": "Limit",
    "tier": "Tier",
    "throughput": "Throughput",
    "processing_mode": "Processing mode",
}


@dataclass(frozen=True, slots=True)
class Condition:
    state: standing.State
    last_event_at: datetime | None
    problem: str | None  # why the provider's account is not served at the moment
    paused_until: datetime | None
    waiting: int
    failed: int
    to_leave: int
    notices: list[AccountNotice]
    found: AccountHealth  # of the last check, and of sending

    @property
    def faults(self):
        """The lines of the last check that need somebody."""
        return [line for line in self.found.lines or () if line["ok"] is not True]

    @property
    def facts(self):
        known = self.found.facts or {}
        return [(label, known[name]) for name, label in FACTS.items() if known.get(name)]

    @property
    def expires_at(self):
        return standing.expiry_of(self.found.facts)

    @property
    def expires_soon(self):
        return self.expires_at is not None and self.expires_at < utcnow() + standing.EXPIRES_SOON


def listing():
    """(account, drain row, state) of those in use by name, in a fixed number of queries."""
    rows = (
        select(Account, AccountDrain, AccountHealth)
        .outerjoin(AccountDrain, AccountDrain.account_id == Account.id)
        .outerjoin(AccountHealth, AccountHealth.account_id == Account.id)
        .options(selectinload(Account.steps).joinedload(RoutingStep.queue))
        .where(Account.archived_at.is_(None))
        .order_by(Account.name, Account.id)
    )
    return [
        (account, drain, standing.state_of(account, drain, found))
        for account, drain, found in db.session.execute(rows)
    ]


def of(account):
    drain = db.session.get(AccountDrain, account.id)
    found = db.session.get(AccountHealth, account.id) or AccountHealth(rejected_count=0)
    paused = drain is not None and drain.paused_until and drain.paused_until > utcnow()
    payload = WebhookPayload.account_id == account.id
    return Condition(
        state=standing.state_of(account, drain, found),
        last_event_at=drain.last_event_at if drain else None,
        problem=drain.problem if paused else None,
        paused_until=drain.paused_until if paused else None,
        waiting=_count(select(WebhookPayload.id).where(payload, _unprocessed())),
        failed=_count(select(WebhookPayload.id).where(payload, WebhookPayload.error.is_not(None))),
        to_leave=_count(_queued(account)),
        notices=db.session.scalars(
            select(AccountNotice)
            .where(AccountNotice.account_id == account.id)
            .order_by(AccountNotice.id.desc())
            .limit(NOTICES)
        ).all(),
        found=found,
    )


def state(account):
    """In a word or two, for a row of the list."""
    drain = db.session.get(AccountDrain, account.id)
    return standing.state_of(account, drain, db.session.get(AccountHealth, account.id))


def _count(some):
    return db.session.scalar(select(func.count()).select_from(some.limit(COUNTED).subquery()))


def _queued(account):
    return select(Message.id).where(
        Message.account_id == account.id,
        Message.status.in_((MessageStatus.QUEUED, MessageStatus.SENDING)),  # the index
        Message.status == MessageStatus.QUEUED,
    )


def _unprocessed():
    return WebhookPayload.processed_at.is_(None)
