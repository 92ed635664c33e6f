"""Asks a provider for all templates of a WABA: by hand, and by clock in case news was lost."""

import logging
import time
from datetime import timedelta

from sqlalchemy import or_, select, update

from webapp import jobs
from webapp.accounts.access_points import capabilities_of, provider_of
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.database import insert, lock
from webapp.extensions import db
from webapp.message_templates import reading_lists
from webapp.message_templates.models import (
    MessageTemplate,
    TemplateStatus,
    TemplateSync,
    waba_is,
    waba_of,
)
from webapp.providers.base import OutcomeUnknown, ProviderError
from webapp.settings import plan
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

SYNC = "workers.message_templates.sync"
SYNCS = TemplateSync.__table__
USUALLY, WHILE_PENDING = timedelta(minutes=15), timedelta(minutes=2)
LONGEST_LIST = 50  # seconds: a job ends after sixty
MOVING = (TemplateStatus.SUBMITTING, TemplateStatus.PENDING, TemplateStatus.IN_APPEAL)


def sync_now(account):
    """A person wants to know; the job does it after the commit."""
    jobs.hint(SYNC, account.id)


def soon(provider, waba_id, at):
    """Not later than then."""
    _row(provider, waba_id)
    sync = (TemplateSync.provider == provider, TemplateSync.waba_id == waba_id)
    later = or_(TemplateSync.next_sync_at.is_(None), TemplateSync.next_sync_at > at)
    _set(update(TemplateSync).where(*sync, later), next_sync_at=at)


def due(now=None):
    """One account for each WABA whose turn it is."""
    now = now or utcnow()
    if not plan.allows_outbound(now):
        return []
    rows = db.session.execute(
        select(Account, TemplateSync.next_sync_at)
        .outerjoin(
            TemplateSync,
            (TemplateSync.provider == Account.provider)
            & waba_is(Account.waba_id, TemplateSync.waba_id),
        )
        .where(Account.enabled, Account.archived_at.is_(None))
        .order_by(Account.id)
    )
    first = {}
    for account, at in rows:
        if (at is None or at <= now) and why_not(account) == "":
            first.setdefault((account.provider, waba_of(account)), account.id)
    return list(first.values())


def why_not(account):
    """Why this account's templates can't be listed."""
    if not capabilities_of(account).manages_templates:
        return "This provider keeps no templates here."
    if account.provider == "sandbox":
        return "The sandbox has no other templates than these."
    if not account.waba_id:
        return "An admin fills in the WhatsApp Business Account ID of this account."
    return ""


def sync(account_id):
    """Claim the turn and commit, list with no transaction open, record. Returns the problem."""
    asked_at = utcnow()
    account = db.session.get(Account, account_id)
    if account is None or account.archived_at or not plan.allows_outbound(asked_at):
        return plan.why_not(asked_at)
    reason = why_not(account)
    if reason:
        return reason
    provider, provider_name, waba_id = provider_of(account), account.provider, waba_of(account)
    with unit_of_work():
        _row(provider_name, waba_id)
        _keep(provider_name, waba_id, next_sync_at=asked_at + WHILE_PENDING)
    try:
        listed = _listed(provider)
    except (ProviderError, OutcomeUnknown) as error:
        return _failed(provider_name, waba_id, error, asked_at)
    with unit_of_work():
        account = db.session.get(Account, account_id)
        # Held until the end, so that two syncs of one WABA do not meet.
        db.session.scalar(lock(_of(provider_name, waba_id)))
        reading_lists.take(account, listed, asked_at)
        pause = WHILE_PENDING if _moves(provider_name, waba_id) else USUALLY
        _keep(
            provider_name,
            waba_id,
            synced_at=asked_at,
            problem=None,
            next_sync_at=asked_at + pause,
        )
    return ""


def _listed(provider):
    until, found = time.monotonic() + LONGEST_LIST, []
    for state in provider.templates():
        found.append(state)
        if time.monotonic() > until:
            raise ProviderError("The list of templates takes too long to read", permanent=False)
    return found


def _failed(provider, waba_id, error, asked_at):
    problem = f"{error.reason.rstrip('.')}. {getattr(error, 'action', '')}".strip()
    log.info("templates of %s %s: %s", provider, waba_id, problem)
    wait = timedelta(seconds=getattr(error, "retry_after", None) or 0)
    with unit_of_work():
        _keep(provider, waba_id, problem=problem, next_sync_at=asked_at + max(wait, USUALLY))
    return problem


def _moves(provider, waba_id):
    moving = select(MessageTemplate.id).where(
        MessageTemplate.provider == provider,
        MessageTemplate.waba_id == waba_id,
        MessageTemplate.status.in_(MOVING),
        MessageTemplate.deleted_at.is_(None),
    )
    return db.session.scalar(moving.limit(1)) is not None


def _of(provider, waba_id):
    return select(TemplateSync.provider).where(
        TemplateSync.provider == provider, TemplateSync.waba_id == waba_id
    )


def _row(provider, waba_id):
    values = {"provider": provider, "waba_id": waba_id}
    db.session.execute(insert(SYNCS).values(**values).on_conflict_do_nothing())


def _keep(provider, waba_id, **columns):
    sync = (TemplateSync.provider == provider, TemplateSync.waba_id == waba_id)
    _set(update(TemplateSync).where(*sync), **columns)


def _set(statement, **columns):
    statement = statement.values(**columns)
    db.session.execute(statement.execution_options(synchronize_session=False))
