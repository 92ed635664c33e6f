"""An account's life: its webhook address is replaced, it moves to another provider, it rests."""

import secrets

from sqlalchemy import func, select, update

from webapp import jobs
from webapp.accounts import rules, saving, sealing
from webapp.accounts.health import ROOM
from webapp.accounts.models import Account, AccountDrain, AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import Interaction, InteractionState, Message, MessageStatus
from webapp.live import push
from webapp.staff.models import differences, person, record

TO_SEND = (MessageStatus.QUEUED, MessageStatus.SENDING)


def replace_token(account, actor):
    """A new webhook address; the former one is taken too until it is dropped."""
    if account.former_webhook_token:
        raise saving.Invalid(
            {"webhook_token": "The former address is still valid: drop it before the next one."}
        )
    account.former_webhook_token = account.webhook_token
    account.former_token_used_at = None
    account.webhook_token = secrets.token_urlsafe(24)
    account.webhook_token_at = utcnow()
    _note(account, actor, "webhook address replaced, the former one is taken too")


def drop_former_token(account, actor):
    """From now on what comes to the former address is refused."""
    if account.former_webhook_token:
        account.former_webhook_token = account.former_token_used_at = None
        _note(account, actor, "former webhook address dropped")


def move(account, actor, provider_name, given):
    """The number goes to another provider: conversations, contacts and the address' token stay.

    Late receipts of the former provider are accepted until it is dropped; what is queued leaves
    through the new one. Moving back finds the former provider's settings again. Raises Invalid.
    """
    _check_move(account, provider_name, given)
    before = saving.snapshot(account)
    former, left_behind = account.provider, sealing.everything(account)
    known = _known_of(account, provider_name)
    account.provider = provider_name
    sealing.take(account, known)
    sealing.apply(account, given, actor)
    saving.generate(account)
    account.former_provider, account.former_credentials = former, left_behind
    account.moved_at = utcnow()
    _start_afresh(account)
    db.session.flush()
    old, new = differences(before, saving.snapshot(account))
    record(actor, "moved", account, before=old, after=new)
    push.changed(f"account:{account.id}", ROOM)
    jobs.hint("workers.outbound.drain", account.id)


def drop_former_provider(account, actor):
    """From now on what the former provider still sends is refused, and its secrets are gone."""
    if account.former_provider:
        former = account.former_provider
        account.former_provider = account.former_credentials = None
        _note(account, actor, f"former provider {former} dropped")


def archive(account, actor, close_open=False):
    """Switched off and out of sight, its history kept. Raises Invalid while conversations are
    open, unless they are to be closed with it."""
    if account.archived_at:
        return
    waiting = open_conversations(account)
    if waiting and not close_open:
        raise saving.Invalid({"close_open": _still_open(waiting)})
    closed = closing.close_all(account, by=person(actor))
    account.archived_at, account.enabled = utcnow(), False
    record(actor, "archived", account, note=f"{closed} open conversations closed" if closed else "")
    push.changed(f"account:{account.id}", ROOM)


def restore(account, actor):
    """Among the others again, switched off until somebody switches it on."""
    if account.archived_at:
        account.archived_at = None
        record(actor, "restored", account)
        push.changed(f"account:{account.id}")


def open_conversations(account):
    """How many would be closed with it."""
    return _count(
        Interaction.account_id == account.id, Interaction.state != InteractionState.CLOSED
    )


def messages_to_send(account):
    """How many wait to be sent, or are being sent."""
    return _count(Message.account_id == account.id, Message.status.in_(TO_SEND))


def providers_to_move_to(account):
    return [one for one in saving.providers_offered() if one.name != account.provider]


def destination(account, provider_name):
    """The account as it would be at that provider, for its form and rules; it is never stored."""
    moved = Account(id=account.id, provider=provider_name, phone=account.phone)
    sealing.take(moved, _known_of(account, provider_name))
    return moved


def _check_move(account, provider_name, given):
    if account.archived_at:
        raise saving.Invalid({"provider": "Restore the account before you move it."})
    if provider_name not in {one.name for one in providers_to_move_to(account)}:
        raise saving.Invalid({"provider": "Choose another provider than the one it has."})
    with db.session.no_autoflush:
        moved = destination(account, provider_name)
        errors = rules.provider_errors(moved, given, account.enabled)
    if errors:
        raise saving.Invalid(errors)


def _known_of(account, provider_name):
    return (account.former_credentials or {}) if account.former_provider == provider_name else {}


def _start_afresh(account):
    """What the former provider's answers have led to says nothing about the new one."""
    drain = db.session.get(AccountDrain, account.id)
    if drain is not None:
        drain.paused_until = drain.problem = None
    health = db.session.get(AccountHealth, account.id)
    if health is not None:
        health.checked_at = health.well = health.lines = health.facts = None
        health.stopped_at = health.stop_reason = health.rejected_at = None
        health.rejected_count = health.rejected_recent = 0
        health.next_check_at = health.looked_up_at = utcnow()
    db.session.execute(
        update(Message)
        .where(Message.account_id == account.id, Message.status == MessageStatus.QUEUED)
        .values(retry_at=None)
        .execution_options(synchronize_session=False)
    )


def _still_open(count):
    if count == 1:
        return "One conversation is open. Wrap it up first, or close it with the account."
    return f"{count} conversations are open. Wrap them up first, or close them with the account."


def _count(*conditions):
    return db.session.scalar(select(func.count()).where(*conditions))


def _note(account, actor, words):
    record(actor, "changed", account, note=words)
    push.changed(f"account:{account.id}")
