"""Asks a provider what customers wrote while its webhooks did not reach us."""

import logging
from datetime import timedelta

from sqlalchemy import or_, select, update

from webapp import jobs
from webapp.accounts import health
from webapp.accounts.access_points import capabilities_of, provider_of
from webapp.accounts.models import Account, AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Message
from webapp.providers.base import (
    LOOK_UP,
    InboundMessage,
    OutcomeUnknown,
    ProviderError,
    WebhookRequest,
)
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import WebhookPayload

log = logging.getLogger(__name__)

ASK_EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=10)  # the provider may list a message a little late
LONGEST_GAP = timedelta(days=7)
MOST_BODIES = 10_000  # of one look; the next one goes on where this one ended


def accounts_to_ask(now=None):
    """Accounts at providers that can be asked whose turn it is; receiving goes on while off."""
    now = now or utcnow()
    due = or_(AccountHealth.next_look_at.is_(None), AccountHealth.next_look_at <= now)
    accounts = db.session.scalars(
        select(Account)
        .outerjoin(AccountHealth, AccountHealth.account_id == Account.id)
        .where(Account.archived_at.is_(None), due)
        .order_by(Account.id)
    ).all()
    return [account.id for account in accounts if capabilities_of(account).looks_up]


def fetch_missed(account_id):
    """Keep what is new to us as webhooks are kept; their ids see to it that each counts once."""
    began = utcnow()
    claimed = _claim(account_id, began)
    if claimed is None:
        return
    provider, since = claimed
    bodies, complete = _ask(account_id, provider, since)
    new = [body for body in bodies if _is_new(account_id, provider, body)]
    with unit_of_work():
        _keep(account_id, new, began if complete else None)


def _claim(account_id, now):
    """The provider and since when to ask it; None if another job has, or it cannot be asked."""
    with unit_of_work():
        row, account = health.row_of(account_id), db.session.get(Account, account_id)
        if row is None or row.stopped_at or (row.next_look_at and row.next_look_at > now):
            return None
        row.next_look_at = now + ASK_EVERY
        since = max((row.looked_up_at or now) - OVERLAP, account.created_at, now - LONGEST_GAP)
        return provider_of(account), since


def _ask(account_id, provider, since):
    """The bodies, and whether these are all: what came before a fault is kept."""
    bodies = []
    try:
        for body in provider.missed(since):
            bodies.append(body)
            if len(bodies) >= MOST_BODIES:
                return bodies, False
    except (ProviderError, OutcomeUnknown) as error:
        log.warning("account %s: missed messages not fetched: %s", account_id, error)
        if getattr(error, "auth", False):
            with unit_of_work():
                health.stopped(account_id, error)
        return bodies, False
    return bodies, True


def _is_new(account_id, provider, body):
    """Whether it tells of a message we do not have: most came by their webhooks."""
    request = WebhookRequest(LOOK_UP, "", {}, body, received_at=utcnow())
    ids = {event.id for event in provider.parse(request) if isinstance(event, InboundMessage)}
    known = select(Message.provider_id).where(
        Message.account_id == account_id, Message.provider_id.in_(ids)
    )
    return bool(ids - set(db.session.scalars(known)))


def _keep(account_id, bodies, until):
    db.session.add_all(
        WebhookPayload(account_id=account_id, method=LOOK_UP, body=body) for body in bodies
    )
    if until is not None:
        db.session.execute(
            update(AccountHealth)
            .where(AccountHealth.account_id == account_id)
            .values(looked_up_at=until)
        )
    if bodies:
        jobs.hint("workers.inbound.drain", account_id)
