"""Looks for what admins should mend: each watch answers with all there is of its kind now.

What is no longer found ends by itself. Every question is answered by an index or by a small table,
for clock asks again every half a minute.
"""

import logging
from datetime import timedelta

from flask import current_app
from sqlalchemy import func, select

from webapp.accounts import standing
from webapp.accounts.models import Account, AccountDrain, AccountHealth
from webapp.alerting import raising
from webapp.alerting.raising import Trouble, of_account
from webapp.campaigns import watching as campaigns
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.media_models import Media, MediaState
from webapp.inbox.models import Message, MessageStatus
from webapp.settings import intervals, values
from webapp.settings.models import Interval
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import WebhookPayload

log = logging.getLogger(__name__)

FAILED_FOR = timedelta(days=1)  # a payload nobody looked into stays an alert for so long
NEWEST = 1000
WAITS_TOO_LONG = timedelta(minutes=5)
UNKNOWN_WITHIN, MOST_UNKNOWN = timedelta(hours=1), 5
REPEATED_WITHIN, MOST_REPEATED = timedelta(minutes=30), 10
MOST_REJECTED = 5
MOST_MEDIA, MEDIA_TRIES = 5, 2
SLOWED_FOR = timedelta(minutes=10)
RHYTHM = 50  # webhooks from which an account's usual distance between two is taken
UNUSUALLY = 10  # times as long as usual
EXPECTED_HOURS = "expected_hours"  # the setting: within which silence is unusual


def look(now=None):
    """One pass over all watches; one that fails leaves its alerts as they are."""
    now = now or utcnow()
    for kind, watch in WATCHES.items():
        try:
            troubles = watch(now)
            if troubles or raising.open_subjects(kind):
                with unit_of_work():
                    raising.settle(kind, troubles, now)
        except Exception:
            log.exception("the watch for %s failed", kind)
            db.session.rollback()


def _stopped(_now):
    return _as_accounts_stand(standing.STOPPED)


def _unwell(_now):
    return _as_accounts_stand(standing.UNWELL)


def _as_accounts_stand(kind):
    found = [standing.trouble_of(kind, account, row) for account, row in _with_health()]
    return [trouble for trouble in found if trouble is not None]


def _slowed(now):
    """The provider limits the account for longer than a burst takes."""
    rows = db.session.execute(
        select(Account, AccountDrain)
        .join(AccountDrain, AccountDrain.account_id == Account.id)
        .where(Account.enabled, AccountDrain.paused_until > now + SLOWED_FOR)
    )
    return [
        Trouble(
            of_account(account.id),
            f"{account.name} is slowed down until {drain.paused_until:%Y-%m-%d %H:%M} UTC",
            drain.problem or "",
            "Nothing is lost: what waits goes out then. Look at the account's limit at its "
            "provider.",
            account_id=account.id,
        )
        for account, drain in rows
    ]


def _expiring(now):
    found = []
    for account, row in _with_health():
        until = standing.expiry_of(row.facts)
        if until is None or until > now + standing.EXPIRES_SOON or not account.enabled:
            continue
        ends = "expired" if until <= now else f"expires on {until:%Y-%m-%d}"
        found.append(
            Trouble(
                of_account(account.id),
                f"The access token of {account.name} {ends}",
                "Without a valid token nothing can be sent.",
                "Make a new one at the provider and put it in on the account's page.",
                "critical" if until <= now + standing.EXPIRES_NOW else "warning",
                account.id,
            )
        )
    return found


def _rejected(now):
    return [
        Trouble(
            of_account(account.id),
            f"{account.name} refuses webhooks: their signature is missing or wrong",
            f"{row.rejected_recent} of them, the last at {row.rejected_at:%H:%M} UTC.",
            "Compare the secret on the account's page with the provider's. If it was replaced "
            "there, replace it here too.",
            account_id=account.id,
        )
        for account, row in _with_health()
        if row.rejected_recent >= MOST_REJECTED and row.rejected_at > now - standing.REJECTED_SERIES
    ]


def _with_health():
    rows = db.session.execute(
        select(Account, AccountHealth)
        .join(AccountHealth, AccountHealth.account_id == Account.id)
        .where(Account.archived_at.is_(None))
    )
    return [tuple(row) for row in rows]


def _payloads_failed(now):
    newest = (
        select(WebhookPayload.account_id, WebhookPayload.received_at)
        .where(WebhookPayload.error.is_not(None))
        .order_by(WebhookPayload.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    counted = (
        select(newest.c.account_id, func.count())
        .where(newest.c.received_at > now - FAILED_FOR)
        .group_by(newest.c.account_id)
    )
    return [
        Trouble(
            of_account(account.id),
            f"{account.name}: {_times(count, 'webhook')} could not be applied or understood",
            "They are kept, and tried again where that may help.",
            "Look at WhatsApp accounts, Webhooks: each says why, and can be run again.",
            account_id=account.id,
        )
        for account, count in _per_account(counted)
    ]


def _payloads_waiting(now):
    """The first one nobody tried yet: one that waits after an error is among the failed."""
    oldest = (
        select(WebhookPayload.received_at)
        .where(
            WebhookPayload.account_id == Account.id,
            WebhookPayload.processed_at.is_(None),
            WebhookPayload.attempt_count == 0,
        )
        .order_by(WebhookPayload.id)
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(select(Account, oldest)).all()
    return [
        Trouble(
            of_account(account.id),
            f"{account.name}: webhooks wait to be read since {since:%H:%M} UTC",
            "What customers wrote is stored, but nobody sees it yet.",
            "See whether the workers run: `flask --app app doctor` says.",
            "critical",
            account.id,
        )
        for account, since in rows
        if since is not None and since < now - WAITS_TOO_LONG
    ]


def _unknown(now):
    counted = _troubled(MessageStatus.UNKNOWN, now - UNKNOWN_WITHIN, Message.account_id)
    return [
        Trouble(
            of_account(account.id),
            f"{account.name}: of {_times(count, 'message')} nobody knows whether they were sent",
            "The provider did not answer. Nothing of this is sent again by itself.",
            "See whether the provider reports a disturbance. A receipt, or a look-up, settles "
            "most of them.",
            account_id=account.id,
        )
        for account, count in _per_account(counted)
        if count >= MOST_UNKNOWN
    ]


def _repeated(now):
    """Messages that fail for the same reason; what our own gate refused never left."""
    counted = _troubled(
        MessageStatus.FAILED, now - REPEATED_WITHIN, Message.account_id, Message.error_code
    ).where(Message.attempt_count > 0, Message.error_code.is_not(None))
    counted = counted.add_columns(func.max(Message.error), func.max(Message.error_action))
    accounts = _accounts()
    return [
        Trouble(
            f"{of_account(account_id)}:{code}",
            f"{accounts[account_id].name}: {_times(count, 'message')} failed alike: {error}",
            f"Code {code}, within {REPEATED_WITHIN.seconds // 60} minutes.",
            action or "Open one of them to see what the provider said.",
            account_id=account_id,
        )
        for account_id, code, count, error, action in db.session.execute(counted)
        if count >= MOST_REPEATED
    ]


def _troubled(status, since, *columns):
    return (
        select(*columns, func.count())
        .where(
            Message.status.in_((MessageStatus.FAILED, MessageStatus.UNKNOWN)),  # the index
            Message.status == status,
            Message.status_at > since,
        )
        .group_by(*columns)
    )


def _media(_now):
    """Files that cannot be fetched or stored: the provider's, or our store's, trouble."""
    counted = (
        select(Media.account_id, func.count(), func.max(Media.error))
        .where(Media.state == MediaState.PENDING, Media.attempt_count >= MEDIA_TRIES)
        .group_by(Media.account_id)
    )
    return [
        Trouble(
            of_account(account.id),
            f"{account.name}: {_times(count, 'file')} could not be fetched or stored",
            error or "",
            "See whether the disk or the bucket can be written to: `flask --app app doctor` says.",
            account_id=account.id,
        )
        for account, count, error in _per_account(counted)
        if count >= MOST_MEDIA
    ]


def _silent(now):
    """No webhook for long in opening hours, where some used to come all the time.

    An account's usual distance is that of its last webhooks, nights included; so one that rarely
    hears anything is never alarmed about, and nobody is woken.
    """
    opened_at = intervals.opened_at(expected_hours(), now)
    least = timedelta(minutes=current_app.config["SILENCE_MINUTES"])
    if not least or opened_at is None:
        return []
    rows = db.session.execute(
        select(Account, AccountDrain.last_event_at, _rhythm_began())
        .join(AccountDrain, AccountDrain.account_id == Account.id)
        .where(Account.enabled, Account.archived_at.is_(None))
    ).all()
    return [
        Trouble(
            of_account(account.id),
            f"{account.name} has heard nothing since {last:%Y-%m-%d %H:%M} UTC",
            "In its opening hours webhooks usually come much closer together.",
            "Press Test connection on the account's page, and compare the webhook's address at "
            "the provider.",
            account_id=account.id,
        )
        for account, last, began in rows
        if last and began and _is_unusual(now - max(last, opened_at), last - began, least)
    ]


def expected_hours():
    """When customers write: the interval chosen in the settings, else the environment's line."""
    chosen = values.get(EXPECTED_HOURS, {}).get("interval_id")
    interval = db.session.get(Interval, chosen) if chosen else None
    return interval or current_app.config["OPENING_HOURS"]


def _rhythm_began():
    return (
        select(WebhookPayload.received_at)
        .where(WebhookPayload.account_id == Account.id)
        .order_by(WebhookPayload.id.desc())
        .offset(RHYTHM - 1)
        .limit(1)
        .scalar_subquery()
    )


def _is_unusual(silence, span, least):
    return silence >= max(least, span / RHYTHM * UNUSUALLY)


def _per_account(counted):
    accounts = _accounts()
    return [(accounts[account_id], *rest) for account_id, *rest in db.session.execute(counted)]


def _accounts():
    return {account.id: account for account in db.session.scalars(select(Account))}


def _times(count, word):
    more = f"{NEWEST:,} or more" if count >= NEWEST else count
    return f"{more} {word}{'' if count == 1 else 's'}"


WATCHES = {
    campaigns.ALERT: campaigns.troubles,
    standing.STOPPED: _stopped,
    standing.UNWELL: _unwell,
    "account_slowed": _slowed,
    "token_expiring": _expiring,
    "signatures_rejected": _rejected,
    "payloads_failed": _payloads_failed,
    "payloads_waiting": _payloads_waiting,
    "messages_unknown": _unknown,
    "failures_repeated": _repeated,
    "media_failing": _media,
    "account_silent": _silent,
}
