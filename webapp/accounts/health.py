"""What checks and sends have found out about an account, and what follows from it.

Refused credentials stop an account: nothing of it is claimed, what is queued stays queued, and the
next check that finds them taken again, or an admin, lets it go on.
"""

import random
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import or_, select, update

from webapp import jobs
from webapp.accounts import standing
from webapp.accounts.models import Account, AccountDrain, AccountHealth
from webapp.alerting import raising
from webapp.columns import utcnow
from webapp.database import insert, lock
from webapp.extensions import db
from webapp.inbox.models import Message, MessageStatus
from webapp.live import push
from webapp.staff.models import record as audit

HEALTH = AccountHealth.__table__
# A revoked token must be red within five minutes: this, a pass of the clock, and the check itself.
CHECK_EVERY = 220  # seconds
SPREAD = 20  # seconds earlier, by chance: accounts added together are not asked together for ever
SAY_SENT_EVERY = timedelta(seconds=10)
# One found in order a moment ago and refused again waits for its turn: no endless circle.
JUST_CHECKED = timedelta(minutes=1)
ROOM = "sending"  # whether accounts can send: everybody's inbox listens


def keep(account_id, checked):
    """Write down what a check found, and stop or resume the account by it."""
    row = row_of(account_id)
    if row is None:  # deleted while the provider was asked
        return
    lines = checked.lines
    row.checked_at = checked.at
    if row.next_check_at is None or row.next_check_at > checked.at:
        row.next_check_at = next_turn(checked.at)  # else somebody asked for another meanwhile
    row.lines = [_plain(line) for line in lines]
    verdict = _verdict(lines)
    if verdict is not None:  # one that could not be reached is as well as it was
        row.well = verdict
    row.facts = _facts(row.facts or {}, lines)
    refused = [line for line in lines if line.auth and line.ok is False]
    if refused and refused[0] is lines[0]:
        _stop(row, refused[0].message)
    elif row.stopped_at and row.stopped_at < checked.began_at and _taken(lines, refused):
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
        lock(select(AccountDrain).where(AccountDrain.account_id == account_id)).execution_options(
            populate_existing=True
        )
    )
    if drain is None:
        drain = AccountDrain(account_id=account_id)
        db.session.add(drain)
    # Of the answers to calls under way the last need not be the strictest.
    drain.paused_until = max(until, drain.paused_until or until)
    drain.problem = reason.rstrip(".")
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
    goes_on = row.rejected_at is not None and row.rejected_at > now - standing.REJECTED_SERIES
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


def next_turn(now):
    """When the account is checked again."""
    return now + timedelta(seconds=CHECK_EVERY - random.uniform(0, SPREAD))


def row_of(account_id):
    """The account's row, made if need be and locked; None if there is no such account."""
    if db.session.get(Account, account_id) is None:
        return None
    made = insert(HEALTH).values(account_id=account_id)
    db.session.execute(made.on_conflict_do_nothing(index_elements=["account_id"]))
    row = select(AccountHealth).where(AccountHealth.account_id == account_id)
    return db.session.scalar(lock(row).execution_options(populate_existing=True))


def _verdict(lines):
    """False where anything is wrong; None where something could not be asked."""
    if any(line.ok is False for line in lines):
        return False
    return True if lines and all(line.ok for line in lines) else None


def _taken(lines, refused):
    """A right that only some other line lacks stops nobody who can send, but ends no stop either:
    sending may be what it is for."""
    return bool(lines and lines[0].ok and not refused)


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
    row.stop_reason = reason.rstrip(".")  # sentences go on behind it


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
    for kind in (standing.STOPPED, standing.UNWELL):
        trouble = standing.trouble_of(kind, account, row)
        if trouble is not None:
            raising.raise_alert(kind, trouble)
        else:
            raising.end(kind, raising.of_account(account.id))
    push.changed(f"account:{account.id}")
