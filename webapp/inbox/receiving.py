"""A customer's message: its contact's open interaction, its row, and the two clocks it moves."""

import logging
from datetime import timedelta

from sqlalchemy import select

from webapp import jobs
from webapp.accounts.models import SessionAnchor
from webapp.columns import utcnow
from webapp.contacts import contacting, matching, opting_out, reaching
from webapp.database import insert
from webapp.extensions import db
from webapp.inbox import closing, naming, sending, summary
from webapp.inbox.arrivals import Arrivals, Gone
from webapp.inbox.file_types import safe_name
from webapp.inbox.media_models import Media
from webapp.inbox.models import (
    MARKS,
    NOT_CLOSED,
    CloseReason,
    Direction,
    Interaction,
    InteractionState,
    Message,
    MessageStatus,
)
from webapp.live import push
from webapp.providers.base import Echo, Source
from webapp.routing import flow

log = logging.getLogger(__name__)

DAY = timedelta(hours=24)
MESSAGES, FILES = Message.__table__, Media.__table__


class RanInto(Exception):
    """Somebody else stored the same thing at the same moment; trying again finds it."""


def receive(account, event, payload_id=None, received_at=None, among=None, now=None):
    """Store one InboundMessage or Echo, once; None if it is there already.

    `among` holds what a batch has loaded beforehand; without it this event is a batch of one.
    """
    now = now or utcnow()
    if among is not None:
        return _receive(account, event, payload_id, received_at, among, now)
    among = _arrivals_of(account, event)
    message = _receive(account, event, payload_id, received_at, among, now)
    among.answers.save()
    return message


def _receive(account, event, payload_id, received_at, among, now):
    contact = among.contact_of(account, event)
    interaction, made, answered = None, False, None
    if contact is not None and opens(event):
        answered = among.answers.to(account, contact, event.reply_to, written_at(event, now))
    if contact is not None and event.source not in (Source.HISTORY, Source.STANDBY):
        interaction = _standing(account, contact, among, now)
        if interaction is None and opens(event):
            if among.has(account, event.id):
                return None
            at = written_at(event, now)
            interaction, made = _open(account, contact, at, among, now, answered), True
    message = _store(account, event, contact, interaction, payload_id, received_at, now)
    if message is None and made:
        # Another drain stored it after we had looked; what we made for it must not stay.
        raise RanInto
    if message is None:
        return None
    among.stored(account, event.id)
    if contact is not None:
        naming.ask(account.id, contact, getattr(event, "profile_ref", ""))
        contacting.touched(contact, message.written_at)
    if answered is not None and interaction is not None:
        among.answers.take(answered, interaction, message)
    if interaction is not None:
        _show(account, event, interaction, contact, message, now)
    elif message.kind in MARKS:
        _show_mark(message)
    if contact is not None and opens(event):
        reaching.wrote(contact)
        _obey(contact, message, interaction)
        if opting_out.asks_to_stop(message):
            among.answers.opted_out(account, contact, message.written_at)
    return message


def _arrivals_of(account, event):
    """Whoever merges or erases contacts holds their rows: after that the identity leads on."""
    try:
        return Arrivals([(account, event)], matching.found_or_made(account, [event]))
    except Gone:
        return Arrivals([(account, event)], matching.found_or_made(account, [event]))


def opens(event):
    """Whether a customer's words opened this, so that it may open an interaction and a window."""
    return (
        not isinstance(event, Echo)
        and event.source is Source.LIVE
        and event.opens_window
        and event.group_id is None
        and event.kind not in MARKS
    )


def _standing(account, contact, among, now):
    """The open interaction; past its end counts as closed, whether or not the sweep came first."""
    found = among.open_interaction(account, contact)
    return None if found is None or found.is_closed(now) else found


def _obey(contact, message, interaction):
    """Who asks us to stop, or to go on, is obeyed at once; the window is open for an answer."""
    answer = opting_out.obey(contact, message)
    if not answer or interaction is None:
        return
    try:
        sending.write(interaction, None, answer, f"opt-out-{message.id}")
    except (sending.Refused, ValueError):
        log.info("message %s asks about marketing; the answer may not go out", message.id)


def written_at(event, now):
    """The provider's own time, whole seconds, never in the future."""
    return min(event.sent_at, now).replace(microsecond=0)


def _open(account, contact, at, among, now, answered=None):
    """Make the interaction, unless an agent or another drain makes one at this moment."""
    over = among.open_interaction(account, contact)
    if over is not None:
        closing.close(over, CloseReason.TIMEOUT, now=now)
        among.closed(over)
    previous_id, window_expires_at = among.previous(account, contact) or (None, None)
    start = at if at + DAY > now else now.replace(microsecond=0)
    interaction = db.session.scalar(
        insert(Interaction)
        .on_conflict_do_nothing(index_elements=["account_id", "contact_id"], index_where=NOT_CLOSED)
        .returning(Interaction),
        {
            "account_id": account.id,
            "contact_id": contact.id,
            "previous_id": previous_id,
            "started_at": start,
            "session_expires_at": answered.session_end(start, now) if answered else start + DAY,
            "window_expires_at": window_expires_at,
            "last_message_at": at,
            "contact_name": contact.display_name[:200],
            "contact_phone": contact.display_phone[:90],
        },
    )
    if interaction is None:
        interaction = among.look_again(account, contact)
        if interaction is None or interaction.is_closed(now):
            raise RanInto
        return interaction
    among.opened(interaction)
    if previous_id:  # whoever still has it on the screen is shown where it goes on
        push.changed(f"interaction:{previous_id}")
    return interaction


def _store(account, event, contact, interaction, payload_id, received_at, now):
    ours = isinstance(event, Echo)
    mark = event.kind in MARKS
    values = {
        "account_id": account.id,
        "contact_id": contact.id if contact else None,
        "interaction_id": interaction.id if interaction is not None else None,
        "direction": Direction.OUT if ours else Direction.IN,
        "kind": event.kind,
        "source": event.source,
        "text": event.text,
        "content": _content(event) or None,
        "status": MessageStatus.SENT if ours else MessageStatus.RECEIVED,
        "provider_id": event.id,
        "reply_to": None if mark else event.reply_to,
        "target_provider_id": event.reply_to if mark else None,
        "written_at": written_at(event, now),
        "received_at": received_at or now,
        "processed_at": now,
        "payload_id": payload_id,
    }
    statement = insert(MESSAGES).on_conflict_do_nothing(
        index_elements=["account_id", "provider_id"]
    )
    message_id = db.session.scalar(statement.returning(MESSAGES.c.id), values)
    if message_id is None:
        return None
    message = Stored(message_id, values)
    if event.media is not None:
        _ask_for_file(message, event.media, now)
    return message


def _content(event):
    content = dict(event.content)
    forwarded, group = getattr(event, "forwarded", ""), getattr(event, "group_id", None)
    if forwarded:
        content["forwarded"] = forwarded
    if group:
        content["group_id"] = group
        content["from"] = [identity.value for identity in event.identities]
    return content


class Stored:
    """The new row as it was written, without the ORM's second look at it."""

    def __init__(self, message_id, values):
        self.id = message_id
        self.__dict__.update(values)


def _ask_for_file(message, media, now):
    media_id = db.session.scalar(
        insert(FILES).returning(FILES.c.id),
        {
            "message_id": message.id,
            "account_id": message.account_id,
            "provider_media_id": media.id,
            "url": media.url or None,
            "mime_type": media.mime_type[:120],
            "filename": safe_name(media.filename),
            "sha256": media.sha256 if len(media.sha256) <= 64 else None,
            "next_attempt_at": now,
        },
    )
    jobs.hint("workers.inbound.fetch_media", media_id)


def _show(account, event, interaction, contact, message, now):
    if opens(event):
        _move_clocks(account, interaction, message.written_at)
    if opens(event) or isinstance(event, Echo):
        summary.note_message(interaction, message)
    follow_name(interaction, contact)
    if interaction.state == InteractionState.NEW:
        flow.advance(interaction)
    elif message.kind in MARKS:
        _show_mark(message)
    summary.announce(interaction, message)


def _move_clocks(account, interaction, at):
    """Neither clock ever moves back, whatever order messages arrive in."""
    until = at + DAY
    interaction.last_customer_at = max(interaction.last_customer_at or at, at)
    interaction.window_expires_at = max(interaction.window_expires_at or until, until)
    counts_last = account.session_anchor == SessionAnchor.LAST
    if counts_last and interaction.direction == "in":
        interaction.session_expires_at = max(interaction.session_expires_at, until)


def follow_name(interaction, contact):
    """The list shows the customer as they are called now; whether that is new."""
    name, phone = contact.display_name[:200], contact.display_phone[:90]
    if (interaction.contact_name, interaction.contact_phone) == (name, phone):
        return False
    interaction.contact_name, interaction.contact_phone = name, phone
    return True


def _show_mark(message):
    """A mark changes the bubble it is for, wherever that one stands."""
    target = db.session.execute(
        select(MESSAGES.c.id, MESSAGES.c.interaction_id).where(
            MESSAGES.c.account_id == message.account_id,
            MESSAGES.c.provider_id == message.target_provider_id,
        )
    ).first()
    if target is not None and target.interaction_id:
        push.changed(f"interaction:{target.interaction_id}", ids=[target.id])
