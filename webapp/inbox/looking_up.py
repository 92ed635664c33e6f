"""Asks providers that can be asked what became of a message.

`unknown` messages are asked about soon, accepted ones without a final state later, each ever more
rarely. Nothing is sent again by it: at most a message is found never to have arrived there.
"""

import logging
import time
from datetime import timedelta

from sqlalchemy import select

from webapp.accounts import health
from webapp.accounts.access_points import capabilities_of, provider_of
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import receipts, summary
from webapp.inbox.models import Attempt, Message, MessageStatus
from webapp.inbox.outgoing import Unsendable, recipient_of
from webapp.providers.base import OutcomeUnknown, ProviderError, Sought
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

FIRST_LOOK = {
    MessageStatus.UNKNOWN: timedelta(minutes=2),
    MessageStatus.SENT: timedelta(hours=1),  # until then its receipts are only late
}
LONGEST_PAUSE = timedelta(hours=6)
GIVE_UP = timedelta(days=3)
# Younger than this the provider may only not show it yet.
SURELY_LISTED = timedelta(minutes=15)
BATCH = 20  # messages of one account asked about in one job, which clock hints at each minute
SLICE_SECONDS = 25  # a job of 60 s must end by itself
NEVER_THERE = "This message never reached the provider."


def plan(message, now=None):
    """After a send: when to ask what became of it, if its provider can be asked."""
    if message.status in FIRST_LOOK and capabilities_of(message.account).looks_up:
        message.look_up_at = (now or utcnow()) + FIRST_LOOK[message.status]


def accounts_with_unsettled(now=None):
    """Accounts with messages whose turn it is."""
    due = Message.look_up_at.is_not(None), Message.look_up_at <= (now or utcnow())
    return db.session.scalars(select(Message.account_id).where(*due).distinct()).all()


def settle_unknown(account_id, stop_asked=lambda: False):
    """Ask about the account's messages whose turn it is, one after the other."""
    claimed = _claim(account_id)
    if not claimed:
        return
    provider, asked = claimed
    until = time.monotonic() + SLICE_SECONDS
    for message_id, sought in asked:
        if stop_asked() or time.monotonic() > until:
            return  # their next turn is planned already
        try:
            found = provider.look_up(sought)
        except (ProviderError, OutcomeUnknown) as error:
            if _ends_asking(account_id, error):
                return
        else:
            with unit_of_work():
                _record(message_id, sought, found)


def _claim(account_id, now=None):
    """Plan each one's next turn, so that nobody else asks, and commit; then ask."""
    now = now or utcnow()
    with unit_of_work():
        account = db.session.get(Account, account_id)
        if account is None or account.archived_at or health.is_stopped(account_id):
            return None
        due = (
            select(Message)
            .where(
                Message.look_up_at.is_not(None),
                Message.look_up_at <= now,
                Message.account_id == account_id,
            )
            .order_by(Message.look_up_at)
            .limit(BATCH)
        )
        asked = []
        for message in db.session.scalars(lock(due, skip_locked=True)).all():
            message.look_up_at = _next_turn(message, now)
            sought = _sought(account, message) if message.look_up_at else None
            if sought is not None:
                asked.append((message.id, sought))
        return (provider_of(account), asked) if asked else None


def _next_turn(message, now):
    """Each time twice as old as before; None where its fate is known, or given up on."""
    age = now - (message.status_at or now)
    if message.status not in FIRST_LOOK or age > GIVE_UP:
        return None
    return now + min(max(age, FIRST_LOOK[MessageStatus.UNKNOWN]), LONGEST_PAUSE)


def _sought(account, message):
    attempt = _last_attempt(message.id)
    try:
        to = recipient_of(message.contact, account, capabilities_of(account).addresses)
    except Unsendable:
        return None
    if attempt is None or (account.moved_at and attempt.started_at < account.moved_at):
        return None  # the provider the number moved to never had it
    return Sought(
        attempt.correlation_id,
        attempt.provider_id or message.provider_id,
        to,
        message.kind,
        message.text,
        attempt.started_at,
    )


def _last_attempt(message_id):
    return db.session.scalar(
        select(Attempt)
        .where(Attempt.message_id == message_id)
        .order_by(Attempt.number.desc())
        .limit(1)
    )


def _ends_asking(account_id, error):
    """Whether the account's other messages would meet the same."""
    log.info("account %s: a look-up failed: %s", account_id, error)
    if isinstance(error, OutcomeUnknown):
        return False
    if error.auth:
        with unit_of_work():
            health.stopped(account_id, error)
    return error.auth or error.account_wide


def _record(message_id, sought, found, now=None):
    """As if the answer to the call, and the receipts, had come only now."""
    now = now or utcnow()
    message = db.session.scalar(
        lock(select(Message).where(Message.id == message_id)).execution_options(
            populate_existing=True
        )
    )
    if found is not None and not _is_of_another(message, found):
        _accept(message, sought, found, now)
    elif message.status == MessageStatus.UNKNOWN and now - sought.called_at >= SURELY_LISTED:
        _give_back(message, sought, now)
    else:
        return
    db.session.flush()
    summary.note_status(message.interaction, message)
    summary.announce(message.interaction, message)


def _is_of_another(message, found):
    """Two messages may look alike to the provider; what another one was is not this one."""
    other = select(Message.id).where(
        Message.account_id == message.account_id,
        Message.provider_id == found.provider_id,
        Message.id != message.id,
    )
    return db.session.scalar(other) is not None


def _accept(message, sought, found, now):
    attempt = _attempt(sought)
    attempt.outcome, attempt.error = "sent", None
    attempt.provider_id = attempt.provider_id or found.provider_id
    message.provider_id = message.provider_id or found.provider_id
    if message.status == MessageStatus.UNKNOWN:
        message.status, message.status_at = MessageStatus.SENT, now
        message.error_code = message.error = message.error_action = None
        plan(message, now)
    db.session.flush()
    receipts.apply(message.account, [(update, None, now) for update in found.updates])
    receipts.settle(message)


def _give_back(message, sought, now):
    attempt = _attempt(sought)
    attempt.outcome, attempt.error = "refused", NEVER_THERE
    message.status, message.status_at, message.look_up_at = MessageStatus.FAILED, now, None
    message.error_code, message.error = "never_arrived", NEVER_THERE
    message.error_action, message.error_permanent = "You may send it again.", False


def _attempt(sought):
    return db.session.scalar(select(Attempt).where(Attempt.correlation_id == sought.correlation_id))
