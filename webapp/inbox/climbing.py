"""Moves messages up the ladder of statuses by what receipts prove; never down."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import aliased

from webapp.contacts import reaching
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import sessions, summary
from webapp.inbox.models import LADDER, Attempt, Interaction, Message, MessageStatus
from webapp.providers.charging import charged_as

MESSAGES = Message.__table__
CHUNK = 500
# `played` is what a voice message's `read` is called.
STATUS_OF = {
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.READ,
    "played": MessageStatus.READ,
    "failed": MessageStatus.FAILED,
}
PROVES_DELIVERY = (MessageStatus.DELIVERED, MessageStatus.READ)
# A message queued again waits for its next attempt: only proof of delivery takes it from there.
UNDER_WAY = (MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.SENT)


@dataclass(frozen=True, slots=True)
class Match:
    """The message a receipt is for, by which attempt, and whether that one is the latest."""

    message_id: int
    attempt_id: int | None
    latest: bool


def climb(found):
    """Apply `[(receipt row, Match)]`; of several receipts of one message the highest counts.

    The first proof of delivery of what began an outbound interaction is seen here too: it starts
    the session.
    """
    # Messages first, as the sender locks them; attempts, receipts and interactions follow.
    messages = _locked(sorted({match.message_id for _, match in found}))
    best = {}
    for receipt, match in found:
        _settle_attempt(receipt, match)
        step = (LADDER[STATUS_OF[receipt.status]], receipt, match)
        if _counts(receipt, match) and step[0] > best.get(match.message_id, (-1,))[0]:
            best[match.message_id] = step
    _name(messages, found)
    _charge(messages, found)
    interactions = _interactions(messages)
    sessions.delivered(_proofs(messages, found), interactions)
    moved = [
        message
        for message in messages
        if message.id in best and _move(message, best[message.id][1])
    ]
    db.session.flush()
    _tell_reached(messages, moved, found)
    _show(moved, interactions)


def _counts(receipt, match):
    """A message follows its latest attempt; that it was delivered counts from any attempt."""
    return match.latest or STATUS_OF[receipt.status] in PROVES_DELIVERY


def _proofs(messages, found):
    """[(message, the first moment that is proved)] of what reached the customer."""
    by_id = {message.id: message for message in messages if message.interaction_id}
    proofs = {}
    for receipt, match in found:
        message = by_id.get(match.message_id)
        if message is not None and STATUS_OF[receipt.status] in PROVES_DELIVERY:
            known = proofs.get(message.id)
            at = min(receipt.at, known[1]) if known else receipt.at
            proofs[message.id] = (message, at)
    return list(proofs.values())


def _tell_reached(messages, moved, found):
    missed = [one for one in moved if one.error_code in reaching.NOT_ON_WHATSAPP]
    news = {one.contact_id: False for one in missed}
    proved = {match.message_id for row, match in found if STATUS_OF[row.status] in PROVES_DELIVERY}
    news |= {message.contact_id: True for message in messages if message.id in proved}
    news.pop(None, None)  # a group's
    reaching.tell(news)


def _locked(ids):
    found = []
    for start in range(0, len(ids), CHUNK):
        rows = select(Message).where(Message.id.in_(ids[start : start + CHUNK]))
        found += db.session.scalars(
            lock(rows.order_by(Message.id)).execution_options(populate_existing=True)
        )
    return found


def _move(message, receipt):
    status = STATUS_OF[receipt.status]
    if LADDER.get(message.status, 9) >= LADDER[status]:
        return False
    if status not in PROVES_DELIVERY and message.status not in UNDER_WAY:
        return False
    message.status, message.status_at = status, receipt.at
    error = receipt.error or {}
    message.error_code = (error.get("code") or "")[:20] or None
    message.error = error.get("reason") or error.get("title") or None
    message.error_action = error.get("action") or None
    message.error_permanent = error.get("permanent")
    message.retry_at = None
    if status != MessageStatus.SENT:
        message.look_up_at = None  # its fate is known
    return True


def _settle_attempt(receipt, match):
    """The answer to this call may have been lost: its receipt tells what it was."""
    if match.attempt_id is None:
        return
    attempt = db.session.get(Attempt, match.attempt_id)
    attempt.provider_id = attempt.provider_id or receipt.provider_id
    if attempt.outcome == "unknown":
        attempt.outcome = "sent"


def _name(messages, found):
    """A message whose send was never answered learns its provider id from the receipt."""
    names = {match.message_id: receipt for receipt, match in found if match.latest}
    for message in messages:
        receipt = names.get(message.id)
        if receipt is not None and message.provider_id is None:
            db.session.execute(_naming(), {"own": message.id, "name": receipt.provider_id})
            db.session.refresh(message, ["provider_id"])


def _charge(messages, found):
    """What a delivered message is charged as, where a receipt says so."""
    said = {
        match.message_id: word
        for receipt, match in found
        if STATUS_OF[receipt.status] in PROVES_DELIVERY and (word := charged_as(receipt.detail))
    }
    for message in messages:
        if message.charged_as is None:
            message.charged_as = said.get(message.id)


def _naming():
    other = aliased(MESSAGES)
    taken = (
        select(other.c.id)
        .where(
            other.c.account_id == MESSAGES.c.account_id,
            other.c.provider_id == bindparam("name"),
        )
        .exists()
    )
    return (
        update(MESSAGES)
        .where(MESSAGES.c.id == bindparam("own"), ~taken)
        .values(provider_id=bindparam("name"))
    )


def _interactions(messages):
    """{id: Interaction}; without an interaction nobody looks."""
    ids = sorted({message.interaction_id for message in messages if message.interaction_id})
    found = {}
    for start in range(0, len(ids), CHUNK):
        rows = db.session.scalars(
            select(Interaction)
            .where(Interaction.id.in_(ids[start : start + CHUNK]))
            .order_by(Interaction.id)
        )
        found |= {row.id: row for row in rows}
    return found


def _show(messages, interactions):
    """Ticks in the thread and in the list row."""
    _tick(messages)
    for message in messages:
        interaction = interactions.get(message.interaction_id)
        if interaction is not None:
            summary.announce(interaction, message)


def _tick(messages):
    """The row's ticks, unless its last message is another one by now."""
    if messages:
        row = Interaction.__table__
        db.session.execute(
            update(row)
            .where(row.c.id == bindparam("own"), row.c.last_message_id == bindparam("shown"))
            .values(last_status=bindparam("status")),
            [
                {"own": message.interaction_id, "shown": message.id, "status": message.status}
                for message in messages
            ],
        )
