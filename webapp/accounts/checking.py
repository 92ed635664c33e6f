"""Asks providers how their accounts stand: clock for each every few minutes, admins at once."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import or_, select, update

from webapp.accounts import health
from webapp.accounts.access_points import provider_of
from webapp.accounts.models import Account, AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.providers.base import CheckLine, ProviderError
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Checked:
    lines: list[CheckLine]
    milliseconds: int
    at: datetime

    @property
    def began_at(self):
        return self.at - timedelta(milliseconds=self.milliseconds)

    @property
    def well(self):
        return all(line.ok for line in self.lines)


def check_due(now=None):
    """Check the accounts whose turn it is, side by side; how many there were."""
    due = _claim_due(now or utcnow())
    app = current_app._get_current_object()
    if due:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda account_id: _check_apart(app, account_id), due))
    return len(due)


def check(account):
    """Ask the provider about each part of the set-up, with no transaction open; keep the answer."""
    account_id, provider = account.id, provider_of(account)
    db.session.rollback()
    began = time.monotonic()
    lines = _ask(provider)
    checked = Checked(lines, round((time.monotonic() - began) * 1000), utcnow())
    with unit_of_work():
        health.keep(account_id, checked)
    return checked


def _claim_due(now):
    """Take the accounts whose turn it is, so that nobody else asks at the same time."""
    if not db.session.scalars(_due(now)).all():
        return []
    with unit_of_work():
        ids = db.session.scalars(_due(now)).all()
        return [account_id for account_id in ids if _take_turn(account_id, now)]


def _due(now):
    due = or_(AccountHealth.next_check_at.is_(None), AccountHealth.next_check_at <= now)
    return (
        select(Account.id)
        .outerjoin(AccountHealth, AccountHealth.account_id == Account.id)
        .where(Account.enabled, Account.archived_at.is_(None), due)
        .order_by(AccountHealth.next_check_at.asc().nulls_first(), Account.id)
        .limit(AT_ONCE)
    )


def _take_turn(account_id, now):
    health.row_of(account_id)
    return db.session.execute(
        update(AccountHealth)
        .where(
            AccountHealth.account_id == account_id,
            or_(AccountHealth.next_check_at.is_(None), AccountHealth.next_check_at <= now),
        )
        .values(next_check_at=health.next_turn(now))
        .execution_options(synchronize_session=False)
    ).rowcount


def _check_apart(app, account_id):
    with app.app_context():
        try:
            account = db.session.get(Account, account_id)
            if account is not None:
                check(account)
        except Exception:
            log.exception("account %s could not be checked", account_id)


def _ask(provider):
    """Checks promise not to raise; whatever they do, the account's page says what was found."""
    try:
        return provider.check()
    except ProviderError as error:
        ok = False if error.permanent else None
        return [CheckLine("Connection", ok, f"{error.reason}.", error.action, auth=error.auth)]
    except Exception as error:
        log.exception("a check failed in a way no provider describes")
        words = f"The check itself failed ({type(error).__name__})."
        return [CheckLine("Connection", None, words, "Look into the log, and report it.")]
