"""Keeps an interaction's list row: what was said last, by whom, and who waits for whom."""

from sqlalchemy import select

from webapp.database import lock
from webapp.extensions import db
from webapp.inbox.models import MARKS, Direction, Interaction, InteractionEvent, MessageStatus
from webapp.live import push

LAST_TEXT = 200


def note_message(interaction, message):
    """The row now shows this message, unless it already shows a later one."""
    if message.direction == Direction.NOTE or message.kind in MARKS:
        return
    if message.direction == Direction.IN:
        interaction.unread += 1  # also one that arrives after later ones
        # Written before our answer but arrived after it: whoever answered had not read it.
        interaction.unanswered_since = interaction.unanswered_since or message.written_at
    if message.written_at < interaction.last_message_at and interaction.last_message_id:
        return
    interaction.last_message_at = message.written_at
    interaction.last_message_id = message.id
    interaction.last_text = line_of(message)[:LAST_TEXT]
    interaction.last_kind = message.kind
    interaction.last_direction = message.direction
    interaction.last_status = message.status if message.direction == Direction.OUT else None
    if _answers(message):
        interaction.unanswered_since = None


def _answers(message):
    """What a campaign sends to many answers nobody's question."""
    ours = message.direction == Direction.OUT and getattr(message, "campaign_id", None) is None
    return ours and message.status != MessageStatus.FAILED


def line_of(message):
    """What the row says of a message; "" where the word for its kind says it all."""
    media = getattr(message, "media", None)
    if message.text or media is None:
        return message.text
    if message.kind in ("voice", "audio") and media.seconds:
        word = "Voice message" if message.kind == "voice" else "Audio"
        return f"{word}, {media.seconds // 60}:{media.seconds % 60:02d}"
    return media.filename if message.kind == "document" else ""


def note_status(interaction, message):
    """The ticks in the row follow the last message."""
    if interaction.last_message_id == message.id:
        interaction.last_status = message.status


def note_file(message):
    """The row tells more of the last message once its file is known: how long it plays."""
    db.session.flush()
    row = select(Interaction).where(Interaction.id == message.interaction_id)
    # Locked, so that a message that comes at this moment is not shown with the words of this one.
    interaction = db.session.scalar(lock(row).execution_options(populate_existing=True))
    if interaction is None or interaction.last_message_id != message.id:
        return
    shown = (line_of(message)[:LAST_TEXT], message.kind)
    if shown != (interaction.last_text, interaction.last_kind):
        interaction.last_text, interaction.last_kind = shown
        announce(interaction, message)


def note_event(interaction, kind, user=None, queue=None, **data):
    """A line in the thread that is not a message."""
    db.session.add(
        InteractionEvent(
            interaction_id=interaction.id,
            kind=kind,
            user_id=user.id if user else None,
            queue_id=queue.id if queue else None,
            data=data or None,
        )
    )


def announce(interaction, *messages):
    """After the commit, whoever shows this interaction or a list it is in looks again."""
    announce_row(
        interaction.id,
        interaction.owner_id,
        interaction.queue_id,
        [message.id for message in messages],
    )


def announce_row(interaction_id, owner_id, queue_id, message_ids=()):
    """The same, for who has the ids alone."""
    thread = f"interaction:{interaction_id}"
    lists = ["inbox"]
    if owner_id:
        lists.append(f"user:{owner_id}")
    elif queue_id:
        lists.append(f"queue:{queue_id}")
    push.changed(thread, ids=message_ids, about=thread)
    push.changed(*lists, ids=[interaction_id], about=thread)
