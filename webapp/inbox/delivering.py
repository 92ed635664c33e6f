"""Hands queued messages to their provider: claim and commit, call, record and commit."""

import logging
import time
import uuid
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from flask import current_app
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import aliased

from webapp import jobs, logs, metrics
from webapp.accounts import health
from webapp.accounts.access_points import provider_of
from webapp.accounts.models import Account
from webapp.campaigns.sending import limits
from webapp.columns import utcnow
from webapp.contacts import reaching
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import looking_up, outgoing, receipts, sending, sessions, summary
from webapp.inbox.models import Attempt, Interaction, Message, MessageStatus
from webapp.inbox.outgoing import FILE_KINDS
from webapp.providers.base import Command, OutcomeUnknown, ProviderError, Sent
from webapp.providers.tracing import Exchange, tracing
from webapp.system import sending_held
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

PLACES = 16  # calls side by side for one account; each conversation has at most one
# Then others have their turn. The last call may take ten seconds to connect and fifteen for its
# answer, which has to be recorded still; only a large file takes longer.
SLICE_SECONDS = 25
CALL_SECONDS = 90  # no call lasts longer: a `sending` older than this is doubtful
FILE_CALL_SECONDS = 330  # one that carries a file along may
MAX_ATTEMPTS = 6
RECORD_PATIENCE = 30  # seconds a result waits for the database to come back
ACCOUNT_PAUSE = 60  # seconds, where the provider gives no hint of its own
LONGEST_WAIT = 86_400  # whatever hint it gives: no limit of a provider's is for more than a day
WINDOW_CODES = ("131047", "63016")  # Meta's, Twilio's
UNDER_WAY = (MessageStatus.QUEUED, MessageStatus.SENDING)


@dataclass(frozen=True, slots=True)
class Call:
    """One message about to leave; its attempt is committed as `sending`."""

    message_id: int
    attempt_id: int
    correlation_id: str
    command: Command


@dataclass(frozen=True, slots=True)
class Answer:
    call: Call
    sent: Sent | None = None
    error: Exception | None = None
    exchanges: list[Exchange] = field(default_factory=list)  # what was said, for the passport


def drain(account_id, stop_asked=lambda: False):
    """Send what the account has queued; conversations side by side, each in the order written."""
    jobs.taken("workers.outbound.drain", account_id)
    account = db.session.get(Account, account_id)
    if account is None:
        return
    provider = provider_of(account)
    app = current_app._get_current_object()
    db.session.rollback()  # no transaction waits for a network
    until = time.monotonic() + SLICE_SECONDS
    in_flight = set()
    with ThreadPoolExecutor(PLACES) as pool:
        while True:
            may_claim = time.monotonic() < until and not stop_asked()
            for call in _next_calls(account_id, PLACES - len(in_flight)) if may_claim else ():
                in_flight.add(pool.submit(_call, app, provider, call))
            if not in_flight:
                break
            done, in_flight = wait(in_flight, timeout=1, return_when=FIRST_COMPLETED)
            for answer in [future.result() for future in done]:
                _record_patiently(answer)
                if getattr(answer.error, "auth", False):
                    until = 0  # this provider has the former credentials: another job goes on
    if not may_claim:
        jobs.hint_now("workers.outbound.drain", account_id)


def _next_calls(account_id, places):
    """An error here must not cost the answers of the calls under way; clock asks again."""
    try:
        return claim(account_id, places)
    except Exception:
        log.exception("nothing claimed for account %s", account_id)
        return []


def claim(account_id, places):
    """Commit the intention to call for up to so many messages that may go now.

    Where the gate refuses all of them by now, those behind them are next.
    """
    if places <= 0:
        return []
    while True:
        with unit_of_work():
            held = sending_held() or health.held(account_id)
            ready = [] if held else _ready(account_id, places)
            calls = [call for message in ready if (call := _claim(message))]
        if calls or not ready:
            return calls


def expire_stale_calls(now=None):
    """A `sending` older than a call can last becomes `unknown`; how many."""
    now = now or utcnow()
    stale = select(Message).where(
        Message.status.in_(UNDER_WAY),  # the index is on these
        Message.status == MessageStatus.SENDING,
        Message.status_at < now - timedelta(seconds=CALL_SECONDS),
        or_(
            Message.kind.not_in(FILE_KINDS),
            Message.status_at < now - timedelta(seconds=FILE_CALL_SECONDS),
        ),
    )
    messages = db.session.scalars(lock(stale.limit(500), skip_locked=True)).all()
    for message in messages:
        attempt = _last_attempt(message)
        _doubt(message, attempt, OutcomeUnknown("The call to the provider was cut off."))
        receipts.settle(message)
        _show(message)
    return len(messages)


def accounts_with_work(now=None):
    """Accounts that have something to send now: what no job picked up."""
    now = now or utcnow()
    return db.session.scalars(
        select(Message.account_id)
        .where(
            Message.status.in_(UNDER_WAY),
            Message.status == MessageStatus.QUEUED,
            or_(Message.retry_at.is_(None), Message.retry_at <= now),
            ~health.is_held(Message.account_id),
        )
        .distinct()
    ).all()


def _ready(account_id, places):
    earlier = aliased(Message)
    held_up = exists().where(
        and_(
            earlier.account_id == Message.account_id,
            earlier.contact_id == Message.contact_id,
            earlier.status.in_(UNDER_WAY),
            earlier.id < Message.id,
        )
    )
    ready = (
        select(Message)
        .where(
            Message.account_id == account_id,
            Message.status.in_(UNDER_WAY),
            Message.status == MessageStatus.QUEUED,
            or_(Message.retry_at.is_(None), Message.retry_at <= utcnow()),
            ~held_up,
        )
        .order_by(Message.id)
        .limit(places)
    )
    return db.session.scalars(lock(ready, skip_locked=True)).all()


def _claim(message):
    interaction = db.session.get(Interaction, message.interaction_id)
    refusal = _refusal(interaction, message)
    if refusal:
        _fail(message, refusal.code, refusal.reason, refusal.action)
        _show(message)
        return None
    try:
        command = outgoing.command_of(message)
    except outgoing.Unsendable as error:
        _fail(message, "unsendable", str(error), "")
        _show(message)
        return None
    message.attempt_count += 1
    attempt = Attempt(
        message_id=message.id,
        number=message.attempt_count,
        correlation_id=f"parley-{uuid.uuid4().hex}",
    )
    db.session.add(attempt)
    _set_status(message, MessageStatus.SENDING)
    message.retry_at = None
    db.session.flush()
    _show(message)
    return Call(message.id, attempt.id, attempt.correlation_id, command)


def _refusal(interaction, message):
    """The gate once more, with the template as it stands at this moment."""
    template = sending.template_of(message)
    if message.template_id and template is None:
        return sending.Refusal("template_gone", "Its template is no longer kept here.")
    return sending.may_send(interaction, message.kind, written=True, template=template)


def _call(app, provider, call):
    """Runs in the pool, with no transaction open; the answer is never an exception."""
    with app.app_context(), logs.about(message_id=call.message_id, attempt_id=call.attempt_id):
        answer = _said(provider, call)
        metrics.count("parley_sends", provider=provider.name, outcome=_outcome(answer))
        log.info("handed over: %s", _outcome(answer))
        return answer


def _said(provider, call):
    with tracing() as exchanges:
        try:
            sent = provider.send(call.command, call.correlation_id)
            return Answer(call, sent=sent, exchanges=exchanges)
        except (ProviderError, OutcomeUnknown) as error:
            return Answer(call, error=error, exchanges=exchanges)
        except Exception as error:
            # Whether it left is not known, so it counts as having left.
            log.exception("a send failed in a way no provider describes")
            doubt = OutcomeUnknown(f"Unexpected: {type(error).__name__}")
            return Answer(call, error=doubt, exchanges=exchanges)


def _outcome(answer):
    if answer.sent is not None:
        return "sent"
    return "unknown" if isinstance(answer.error, OutcomeUnknown) else "refused"


def _record_patiently(answer):
    """A result that cannot be recorded, the database being away, is kept and tried again.

    One that stays unrecorded becomes `unknown` by clock; it must not take the others along.
    """
    until = time.monotonic() + RECORD_PATIENCE
    while not _recorded(answer):
        if time.monotonic() > until:
            log.error("the answer for message %s is lost", answer.call.message_id)
            return
        time.sleep(0.5)


def _recorded(answer):
    """False where trying again may help."""
    try:
        with unit_of_work():
            record(answer)
    except (InterfaceError, OperationalError) as error:
        log.warning("a result waits for the database: %s", type(error).__name__)
        return False
    except Exception:
        log.exception("the answer for message %s cannot be recorded", answer.call.message_id)
    return True


def record(answer):
    """Write down what the provider said; the receipt may have come first."""
    account_id = db.session.get(Message, answer.call.message_id).account_id
    _heed(account_id, answer.error)
    message = db.session.scalar(
        lock(select(Message).where(Message.id == answer.call.message_id)).execution_options(
            populate_existing=True
        )
    )
    attempt = db.session.get(Attempt, answer.call.attempt_id)
    attempt.finished_at = utcnow()
    attempt.exchanges = [asdict(exchange) for exchange in answer.exchanges]
    if answer.sent is not None:
        _accept(message, attempt, answer.sent)
    elif isinstance(answer.error, OutcomeUnknown):
        _doubt(message, attempt, answer.error)
    else:
        _refuse(message, attempt, answer.error)
    if not isinstance(answer.error, ProviderError):
        limits.reached(message)
    db.session.flush()
    receipts.settle(message)
    _show(message)


def _heed(account_id, error):
    """What concerns the whole account; its rows are locked before the message's, as drains do."""
    if getattr(error, "auth", False):
        health.stopped(account_id, error)
    elif getattr(error, "account_wide", False):
        wait = min(error.retry_after or ACCOUNT_PAUSE, LONGEST_WAIT)
        health.slowed(account_id, utcnow() + timedelta(seconds=wait), error.reason)


def _accept(message, attempt, sent):
    attempt.outcome = "sent"
    attempt.provider_id = sent.id
    message.provider_id = message.provider_id or sent.id
    if message.status in (MessageStatus.SENDING, MessageStatus.UNKNOWN):
        _set_status(message, MessageStatus.SENT)
        looking_up.plan(message)
        sessions.accepted(message)
    health.sent(message.account_id)


def _doubt(message, attempt, error):
    if attempt is not None:
        attempt.outcome = "unknown"
        attempt.error = error.reason
    if message.status == MessageStatus.SENDING:
        _set_status(message, MessageStatus.UNKNOWN)
        message.error = error.reason
        looking_up.plan(message)


def _refuse(message, attempt, error):
    attempt.outcome = "refused"
    attempt.error_code, attempt.error = _code(error), error.reason
    if error.code in WINDOW_CODES:
        # The provider's word on the window is final.
        message.interaction.window_expires_at = utcnow()
    if error.code in reaching.NOT_ON_WHATSAPP and message.contact_id:
        reaching.tell({message.contact_id: False})
    if message.status != MessageStatus.SENDING:
        return
    tried_enough = message.attempt_count >= (error.max_attempts or MAX_ATTEMPTS)
    if error.auth or error.account_wide or not (error.permanent or tried_enough):
        _set_status(message, MessageStatus.QUEUED)
        message.retry_at = _again_at(message, error)
        message.error_code, message.error = _code(error), error.reason
    else:
        _fail(message, _code(error), error.reason, error.action)


def _code(error):
    return error.code[:20] if error.code else None


def _again_at(message, error):
    """When it may be tried again; what waits for the account's credentials goes with them."""
    return None if error.auth else utcnow() + timedelta(seconds=_back_off(message, error))


def _back_off(message, error):
    """Seconds until the next attempt: the provider's own hint first, else 1, 4, 16, 64 …"""
    if error.retry_after is not None:
        return min(error.retry_after, LONGEST_WAIT)
    if error.account_wide:
        return ACCOUNT_PAUSE
    return min(4 ** (message.attempt_count - 1), LONGEST_WAIT)


def _fail(message, code, reason, action):
    _set_status(message, MessageStatus.FAILED)
    message.error_code, message.error, message.error_action = code, reason, action
    message.error_permanent = True


def _set_status(message, status):
    message.status = status
    message.status_at = utcnow()
    if status == MessageStatus.SENT:
        message.error_code = message.error = message.error_action = None


def _show(message):
    summary.note_status(message.interaction, message)
    summary.announce(message.interaction, message)


def _last_attempt(message):
    return db.session.scalar(
        select(Attempt).where(Attempt.message_id == message.id).order_by(Attempt.number.desc())
    )
