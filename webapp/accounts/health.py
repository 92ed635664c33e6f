"""How accounts stand with their providers: asked by clock, told by sending, kept for the pages.

Refused credentials stop an account: nothing of it is claimed, what is queued stays queued, and the
next check that finds them taken again, or an admin, lets it go on.
"""

import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import or_, select, update

from webapp import jobs
from webapp.accounts.access_points import provider_of
from webapp.accounts.models import Account, AccountDrain, AccountHealth
from webapp.alerting import raising
from webapp.alerting.raising import Trouble
from webapp.columns import utcnow
from webapp.database import insert, lock
from webapp.extensions import db
from webapp.inbox.models import Message, MessageStatus
from webapp.live import push
from webapp.providers.base import CheckLine, ProviderError
from webapp.staff.models import record as audit
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

HEALTH = AccountHealth.__table__
# A revoked token must be red within five minutes: this, a pass of the clock, and the check itself.
CHECK_EVERY = 220  # seconds
SPREAD = 20  # seconds earlier, by chance: accounts added together are not asked together for ever
CHECKS_AT_ONCE = 16
SAY_SENT_EVERY = timedelta(seconds=10)
# One found in order a moment ago and refused again waits for its turn: no endless circle.
JUST_CHECKED = timedelta(minutes=1)
EXPIRES_SOON, EXPIRES_NOW = timedelta(days=14), timedelta(days=3)
REJECTED_SERIES = timedelta(minutes=15)  # refused webhooks further apart are another series
ROOM = "sending"  # whether accounts can send: everybody's inbox listens
STOPPED, UNWELL = "account_stopped", "account_unwell"


@dataclass(frozen=True, slots=True)
class Checked:
    lines: list[CheckLine]
    milliseconds: int
    at: datetime

    @property
    def well(self):
        return all(line.ok for line in self.lines)


@dataclass(frozen=True, slots=True)
class State:
    """How an account stands in a word or two; `tone` is ok, warn, bad or off."""

    tone: str
    words: str
    until: datetime | None = None


def check_due(now=None):
    """Check the accounts whose turn it is, side by side; how many there were."""
    due = _claim_due(now or utcnow())
    app = current_app._get_current_object()
    if due:
        with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
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
        keep(account_id, checked)
    return checked


def keep(account_id, checked):
    """Write down what a check found, and stop or resume the account by it."""
    row = row_of(account_id)
    if row is None:  # deleted while the provider was asked
        return
    lines = checked.lines
    row.checked_at, row.next_check_at = checked.at, _next_turn(checked.at)
    row.lines = [_plain(line) for line in lines]
    verdict = _verdict(lines)
    if verdict is not None:  # one that could not be reached is as well as it was
        row.well = verdict
    row.facts = _facts(row.facts or {}, lines)
    refused = next((line for line in lines if line.auth and line.ok is False), None)
    if refused is not None:
        _stop(row, refused.message)
    elif row.stopped_at and lines and lines[0].ok:
        _go_on(row)
    _tell(row)


def stopped(account_id, error):
    """A send met refused credentials: nothing more leaves, and the provider is asked at once."""
    row = row_of(account_id)
    now = utcnow()
    if row.checked_at is None or row.checked_at < now - JUST_CHECKED:
        row.next_check_at = now
    _stop(row, error.reason)
    _tell(row)


def slowed(account_id, until, reason):
    """The provider asked to slow down: nothing of this account leaves before then."""
    drain = db.session.scalar(
        lock(select(AccountDrain).where(AccountDrain.account_id == account_id))
    )
    if drain is None:
        drain = AccountDrain(account_id=account_id)
        db.session.add(drain)
    # Of the answers to calls under way the last need not be the strictest.
    drain.paused_until = max(until, drain.paused_until or until)
    drain.problem = reason
    push.changed(ROOM, f"account:{account_id}")


def resume(account, by):
    """An admin says: try again. If it is refused still, the next send stops it once more."""
    row = row_of(account.id)
    drain = db.session.get(AccountDrain, account.id)
    if drain is not None:
        drain.paused_until = drain.problem = None
    row.next_check_at = utcnow()
    _go_on(row)
    _tell(row)
    audit(by, "tried_again", account)


def ask_soon(account_id):
    """The settings changed: what was found before may no longer be so."""
    row = row_of(account_id)
    row.next_check_at = utcnow()


def sent(account_id, now=None):
    """Something left; written at most every few seconds, for many may leave in one."""
    now = now or utcnow()
    rarely = or_(HEALTH.c.last_sent_at.is_(None), HEALTH.c.last_sent_at < now - SAY_SENT_EVERY)
    db.session.execute(
        insert(HEALTH)
        .values(account_id=account_id, last_sent_at=now)
        .on_conflict_do_update(
            index_elements=["account_id"], set_={"last_sent_at": now}, where=rarely
        )
    )


def rejected(account_id, number, now=None):
    """Webhooks with a wrong signature; a series ends when none came for a while."""
    now = now or utcnow()
    row = row_of(account_id)
    if row is None:
        return
    goes_on = row.rejected_at is not None and row.rejected_at > now - REJECTED_SERIES
    row.rejected_recent = number + (row.rejected_recent if goes_on else 0)
    row.rejected_count += number
    row.rejected_at = now
    push.changed(f"account:{account_id}")


def is_stopped(account_id):
    row = db.session.get(AccountHealth, account_id)
    return row is not None and row.stopped_at is not None


def held(account_id):
    """Whether nothing of this account may leave now."""
    found = select(Account.id).where(Account.id == account_id, is_held(Account.id))
    return db.session.scalar(found) is not None


def is_held(column):
    """The condition for accounts that are stopped, or slowed down by their provider's hint."""
    refused = select(AccountHealth.account_id).where(AccountHealth.stopped_at.is_not(None))
    slowed = select(AccountDrain.account_id).where(AccountDrain.paused_until > utcnow())
    return or_(column.in_(refused), column.in_(slowed))


def row_of(account_id):
    """The account's row, made if need be and locked; None if there is no such account."""
    if db.session.get(Account, account_id) is None:
        return None
    made = insert(HEALTH).values(account_id=account_id)
    db.session.execute(made.on_conflict_do_nothing(index_elements=["account_id"]))
    row = select(AccountHealth).where(AccountHealth.account_id == account_id)
    return db.session.scalar(lock(row).execution_options(populate_existing=True))


def state_of(account, drain, row):
    """The worst that is known of the account, from its rows (either may be missing)."""
    now = utcnow()
    if not account.enabled or account.archived_at:
        return State("off", "Off")
    if row and row.stopped_at:
        return State("bad", "Cannot send")
    if row and row.well is False:
        return State("bad", "Not in order")
    if drain and drain.paused_until and drain.paused_until > now:
        return State("warn", "Slowed down", drain.paused_until)
    if row and row.rejected_at and row.rejected_at > now - REJECTED_SERIES:
        return State("warn", "Signatures rejected")
    expires_at = expiry_of(row.facts) if row else None
    if expires_at and expires_at < now + EXPIRES_SOON:
        return State("warn", "Token expires", expires_at)
    return State("ok", "In order") if row and row.well else State("off", "Not checked yet")


def expiry_of(facts):
    """When the account's token runs out, if its provider said so."""
    try:
        until = datetime.fromisoformat((facts or {}).get("token_expires_at") or "")
    except ValueError:
        return None
    return until if until.tzinfo else until.replace(tzinfo=UTC)


def trouble_of(kind, account, row):
    """What is wrong in this way with the account as it stands, or None."""
    if not account.enabled or account.archived_at:
        return None
    if kind == STOPPED:
        return _refused(account, row) if row.stopped_at else None
    return _unwell(account, row) if row.well is False and not row.stopped_at else None


def _refused(account, row):
    return Trouble(
        raising.of_account(account.id),
        f"{account.name} cannot send: {row.stop_reason}",
        "What your team writes waits and goes out by itself once this is mended.",
        _mends(row) or "Replace the credentials on the account's page, then press Test connection.",
        "critical",
        account.id,
    )


def _unwell(account, row):
    lines = row.lines or ()
    wrong = [line["message"] for line in lines if line["ok"] is False]
    wrong = wrong or [line["message"] for line in lines if line["ok"] is None]
    return Trouble(
        raising.of_account(account.id),
        f"{account.name} is not in order",
        "\n".join(wrong),
        _mends(row),
        "critical",
        account.id,
    )


def _mends(row):
    return " ".join(
        dict.fromkeys(
            line["action"] for line in row.lines or () if line["ok"] is False and line["action"]
        )
    )


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
        .limit(CHECKS_AT_ONCE)
    )


def _take_turn(account_id, now):
    row_of(account_id)
    return db.session.execute(
        update(AccountHealth)
        .where(
            AccountHealth.account_id == account_id,
            or_(AccountHealth.next_check_at.is_(None), AccountHealth.next_check_at <= now),
        )
        .values(next_check_at=_next_turn(now))
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


def _next_turn(now):
    return now + timedelta(seconds=CHECK_EVERY - random.uniform(0, SPREAD))


def _verdict(lines):
    """False where anything is wrong; None where something could not be asked."""
    if any(line.ok is False for line in lines):
        return False
    return True if lines and all(line.ok for line in lines) else None


def _plain(line):
    return asdict(line) | {"facts": dict(line.facts)}


def _facts(known, lines):
    """What was found now; where something could not be asked, the rest is as it was."""
    found = {name: value for line in lines for name, value in line.facts.items() if value}
    complete = lines and all(line.ok is not None for line in lines) and lines[0].ok
    return found if complete else known | found


def _stop(row, reason):
    if row.stopped_at is None:
        row.stopped_at = utcnow()
        push.changed(ROOM)
    row.stop_reason = reason


def _go_on(row):
    """What waited goes now, also what waits for the end of a pause."""
    row.stopped_at = row.stop_reason = None
    db.session.execute(
        update(Message)
        .where(
            Message.account_id == row.account_id,
            Message.status.in_((MessageStatus.QUEUED, MessageStatus.SENDING)),  # the index
            Message.status == MessageStatus.QUEUED,
            Message.retry_at.is_not(None),
        )
        .values(retry_at=None)
        .execution_options(synchronize_session=False)
    )
    push.changed(ROOM)
    jobs.hint("workers.outbound.drain", row.account_id)


def _tell(row):
    """Raise or end the alerts, and let the pages look again."""
    db.session.flush()
    account = db.session.get(Account, row.account_id)
    for kind in (STOPPED, UNWELL):
        trouble = trouble_of(kind, account, row)
        if trouble is not None:
            raising.raise_alert(kind, trouble)
        else:
            raising.end(kind, raising.of_account(account.id))
    push.changed(f"account:{account.id}")
