"""What the pages show of alerts, and of accounts that cannot send."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from webapp.accounts.models import Account, AccountDrain, AccountHealth
from webapp.alerting.models import Alert
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff import access

PAGE = 30
WORTH_SAYING = timedelta(seconds=30)  # a shorter pause is over before it is read


@dataclass(frozen=True, slots=True)
class Hindrance:
    """An account that cannot send now: until it is mended, or until a time."""

    name: str
    reason: str
    until: datetime | None


def opened():
    """What is so now, the gravest first."""
    rows = db.session.scalars(
        select(Alert).where(Alert.ended_at.is_(None)).order_by(Alert.began_at, Alert.id)
    ).all()
    return sorted(rows, key=lambda alert: alert.severity != "critical")


def history(before=None):
    """(alerts that ended, the latest first; where the next page begins)"""
    found = select(Alert).where(Alert.ended_at.is_not(None)).order_by(Alert.id.desc())
    if before:
        found = found.where(Alert.id < before)
    rows = db.session.scalars(found.limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def hindered(user):
    """The accounts this person answers for that cannot send."""
    worth_saying = utcnow() + WORTH_SAYING
    stopped, slowed = AccountHealth.stopped_at, AccountDrain.paused_until
    rows = db.session.execute(
        select(Account.name, stopped, AccountHealth.stop_reason, slowed, AccountDrain.problem)
        .outerjoin(AccountHealth, AccountHealth.account_id == Account.id)
        .outerjoin(AccountDrain, AccountDrain.account_id == Account.id)
        .where(or_(stopped.is_not(None), slowed > worth_saying))
        .where(Account.enabled, Account.archived_at.is_(None), access.served_accounts(user))
        .order_by(Account.name, Account.id)
    )
    return [
        Hindrance(name, reason if stopped_at else problem or "", None if stopped_at else until)
        for name, stopped_at, reason, until, problem in rows
    ]
