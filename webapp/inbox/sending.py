"""What leaves: the one gate, writing a message down, and trying a failed one again."""

from dataclasses import dataclass

from sqlalchemy import select

from webapp import jobs
from webapp.accounts import access_points
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import (
    CloseReason,
    Direction,
    Message,
    MessageStatus,
)

MAX_TEXT = 4096


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not go out, and what the person can do about it."""

    code: str
    reason: str
    action: str = ""


class Refused(Exception):
    """Raised where something was written that may not go out."""

    def __init__(self, refusal):
        super().__init__(refusal.reason)
        self.refusal = refusal


def may_send(interaction, kind="text", now=None, written=False):
    """None if this may go out now, else the Refusal. Nothing leaves without asking here.

    Asked when a message is written and again at the moment of the call (`written=True`): a
    message written in time still goes after its conversation was wrapped up, never after the
    service window closed.
    """
    now = now or utcnow()
    account, contact = interaction.account, interaction.contact
    if not account.enabled:
        return Refusal(
            "account_disabled",
            f"{account.name} is switched off for sending.",
            "Ask an admin to switch the account on.",
        )
    if contact.blocked_at:
        return Refusal("blocked", "This contact is blocked.", "Unblock the contact first.")
    if not written and interaction.is_closed(now):
        return _closed(interaction)
    if kind not in access_points.capabilities_of(account).kinds:
        return Refusal("capability", f"{account.name}'s provider cannot send this.")
    if not interaction.window_open(now):
        return Refusal(
            "window_closed",
            "The 24-hour reply window is closed.",
            "You can write again when the customer does.",
        )
    return None


def write(interaction, author, text, client_key, reply_to=None):
    """Store a reply to be sent; the same key twice gives the same message.

    Raises Refused where the gate says no, ValueError for a text WhatsApp would not take.
    """
    known = _with_key(interaction, client_key)
    if known is not None:
        return known
    text = _checked(text)
    refusal = may_send(interaction)
    if refusal:
        raise Refused(refusal)
    message = _stored(
        interaction,
        author,
        text,
        client_key,
        direction=Direction.OUT,
        status=MessageStatus.QUEUED,
        reply_to=reply_to,
    )
    if interaction.first_reply_at is None:
        interaction.first_reply_at = message.received_at
    summary.note_message(interaction, message)
    summary.announce(interaction, message)
    jobs.hint("workers.outbound.drain", interaction.account_id)
    return message


def note(interaction, author, text, client_key):
    """Store what only colleagues see; possible at any time."""
    known = _with_key(interaction, client_key)
    if known is not None:
        return known
    message = _stored(
        interaction,
        author,
        _checked(text),
        client_key,
        direction=Direction.NOTE,
        status=MessageStatus.RECEIVED,
    )
    summary.announce(interaction, message)
    return message


def retry(message, by):
    """Send a failed or doubtful message once more, as a new message; only a person asks for this.

    However often it is asked for, one failed message is sent again once.
    """
    if message.status not in (MessageStatus.FAILED, MessageStatus.UNKNOWN):
        raise ValueError("Only a message that failed, or may have, can be sent again.")
    again = write(
        message.interaction, by, message.text, f"retry-{message.id}", reply_to=message.reply_to
    )
    message.retried_as_id = again.id
    summary.announce(message.interaction, message)
    return again


def _checked(text):
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise ValueError("Write something first.")
    if len(text) > MAX_TEXT:
        raise ValueError(
            f"WhatsApp takes up to {MAX_TEXT:,} characters; this has {len(text):,}. "
            "Shorten it or send it in two messages."
        )
    return text


def _with_key(interaction, client_key):
    return db.session.scalar(
        select(Message).where(
            Message.interaction_id == interaction.id, Message.client_key == client_key
        )
    )


def _stored(interaction, author, text, client_key, **columns):
    now = utcnow()
    message = Message(
        account_id=interaction.account_id,
        contact_id=interaction.contact_id,
        interaction_id=interaction.id,
        author_id=author.id if author else None,
        text=text,
        client_key=client_key,
        written_at=now.replace(microsecond=0),
        received_at=now,
        processed_at=now,
        status_at=now,
        **columns,
    )
    db.session.add(message)
    db.session.flush()
    return message


def _closed(interaction):
    if interaction.close_reason in (None, CloseReason.TIMEOUT):
        return Refusal(
            "closed",
            "This conversation has ended: its 24 hours are over.",
            "It goes on when the customer writes again.",
        )
    return Refusal(
        "closed",
        "This conversation was wrapped up.",
        "It goes on when the customer writes again.",
    )
