"""What the pages show of alerts, and of accounts that cannot send."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from webapp.accounts.models import Account, AccountDrain, AccountHealth
from webapp.alerting.models import Alert
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff import access
from webapp.tables.spec import Column, Filter, Table, containing

PAGE = 30
SEVERITIES = {"critical": "Critical", "warning": "Warning"}
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


def ended():
    """What is no longer so."""
    return select(Alert).where(Alert.ended_at.is_not(None)).options(selectinload(Alert.account))


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


def _of_account(value):
    return Alert.account_id == int(value[:18])


def _of_severity(value):
    return Alert.severity == value


def _accounts():
    found = db.session.execute(select(Account.id, Account.name).order_by(Account.name, Account.id))
    return [(str(account_id), name) for account_id, name in found]


ENDED = Table(
    name="alerts",
    key=Alert.id,
    columns=(
        Column("title", "What", None, lambda alert: alert.title, fixed=True),
        Column("detail", "Why", None, lambda alert: alert.detail, shown=False, classes="wrapcell"),
        Column(
            "severity",
            "Severity",
            Alert.severity,
            lambda alert: SEVERITIES.get(alert.severity, alert.severity),
            shown=False,
        ),
        Column(
            "account",
            "Account",
            None,
            lambda alert: alert.account.name if alert.account else "",
        ),
        Column("began", "Began", Alert.began_at, lambda alert: alert.began_at, classes="num"),
        Column(
            "ended",
            "Ended",
            Alert.ended_at,
            lambda alert: alert.ended_at,
            shown=False,
            classes="num",
        ),
        Column(
            "lasted", "Lasted", None, lambda alert: alert.ended_at - alert.began_at, classes="num"
        ),
    ),
    sort="-began",
    filters=(
        Filter("account", "Account", _of_account, _accounts),
        Filter("severity", "Severity", _of_severity, lambda: list(SEVERITIES.items())),
    ),
    search=containing(Alert.title, Alert.detail),
    page_size=PAGE,
)
