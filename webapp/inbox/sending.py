"""What leaves: the one gate, writing a message down, and trying a failed one again."""

from sqlalchemy import select, update

from webapp import jobs
from webapp.accounts import access_points
from webapp.analytics import keeping
from webapp.columns import utcnow
from webapp.contacts import contacting
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import summary, template_content
from webapp.inbox.gate import Refusal, Refused, may_reach, may_send
from webapp.inbox.media_models import Attachment, Media, MediaState
from webapp.inbox.models import Direction, Message, MessageStatus
from webapp.message_templates.models import MessageTemplate
from webapp.providers.base import MessageKind

__all__ = [
    "Refusal",
    "Refused",
    "may_reach",
    "may_send",
    "note",
    "react",
    "retry",
    "send_contacts",
    "send_location",
    "send_named_template",
    "send_template",
    "write",
    "write_file",
]

MAX_TEXT = 4096
LONGEST_EMOJI = 32  # a family with skin tones is one emoji of some twenty characters


def write(interaction, author, text, client_key, reply_to=None):
    """Store a reply to be sent; the same key twice gives the same message.

    Raises Refused where the gate says no, ValueError for a text WhatsApp would not take.
    """
    known = _with_key(interaction, client_key)
    if known is not None:
        return known
    provider = access_points.provider_of(interaction.account)
    text = _checked(text, min(provider.can.max_text, MAX_TEXT), provider.label)
    return _queued(interaction, author, MessageKind.TEXT, text, client_key, reply_to=reply_to)


def write_file(interaction, author, attachment, caption, client_key, reply_to=None):
    """Store a file to be sent; the attachment becomes the message's own file.

    A caption this provider cannot carry follows as a message of its own.
    """
    known = _with_key(interaction, client_key)
    if known is not None:
        return known
    attachment = attachment and db.session.scalar(
        lock(select(Attachment).where(Attachment.id == attachment.id))
    )
    if attachment is None:
        raise ValueError("This file is gone: it was sent already, or thrown away.")
    can = access_points.capabilities_of(interaction.account)
    kind, carried = attachment.kind, attachment.kind in can.captions
    caption = _caption(caption, can.max_caption if carried else MAX_TEXT)
    message = _queued(
        interaction, author, kind, caption if carried else "", client_key, reply_to=reply_to
    )
    _own_file(message, attachment)
    db.session.delete(attachment)
    summary.note_message(interaction, message)  # now that it knows how long it plays
    if caption and not carried:
        _queued(interaction, author, MessageKind.TEXT, caption, f"{client_key[:56]}-caption")
    return message


def send_location(interaction, author, place, client_key, reply_to=None):
    """Store a place: {latitude, longitude} and maybe a name and an address."""
    known = _with_key(interaction, client_key)
    if known is not None:
        return known
    text = ", ".join(filter(None, (place.get("name"), place.get("address"))))
    return _queued(
        interaction, author, MessageKind.LOCATION, text, client_key, reply_to, content=place
    )


def send_contacts(interaction, author, cards, client_key, reply_to=None):
    """Store contact cards: each {name, phones, emails, organization}, phones as digits."""
    known = _with_key(interaction, client_key)
    if known is not None:
        return known
    if not cards or not all(card["name"] and card["phones"] for card in cards):
        raise ValueError("A contact needs a name and a phone number.")
    text = ", ".join(card["name"] for card in cards)
    content = {"cards": list(cards)}
    return _queued(
        interaction, author, MessageKind.CONTACTS, text, client_key, reply_to, content=content
    )


def send_template(interaction, author, template, values, client_key, file=None, place=None):
    """Store an approved template to be sent, also after the window closed.

    `values` is {(where, key): text}. `file` is what a header of that kind shows: an upload of
    this moment, or the template's own sample.
    """
    known = _with_key(interaction, client_key)
    if known is not None:
        return known
    filled = template_content.fill(template, values, place)
    file = file or template_content.sample_of(template)
    if filled.header_kind and file is None:
        what = template_content.WORDS[filled.header_kind]
        raise ValueError(f"This template begins with a {what}. Choose one.")
    message = _queued(
        interaction,
        author,
        MessageKind.TEMPLATE,
        filled.text,
        client_key,
        template=template,
        content=filled.content,
    )
    if filled.header_kind:
        _own_file(message, file)
    _count_use(template)
    return message


def send_named_template(interaction, author, name, language, values, text, client_key):
    """The same for a template we keep nothing of, by its name; at Twilio its content's id (HX…).

    `values` stand for its body's variables in their order, `text` is what our own thread shows.
    """
    known = _with_key(interaction, client_key)
    if known is not None:
        return known
    if not name.strip() or not language.strip():
        raise ValueError("A template has a name and a language.")
    if not all(value.strip() for value in values):
        raise ValueError("WhatsApp takes no empty value for a template's variable.")
    content = {
        "name": name.strip(),
        "language": language.strip(),
        "body": [{"value": value.strip()} for value in values],
    }
    words = text.strip() or " · ".join([name.strip(), *values])
    return _queued(interaction, author, MessageKind.TEMPLATE, words, client_key, content=content)


def _count_use(template):
    """One statement, and no news for who edits it: it stands first in the pickers from now on."""
    row = MessageTemplate.__table__
    db.session.execute(
        update(row)
        .where(row.c.id == template.id)
        .values(last_used_at=utcnow(), used_count=row.c.used_count + 1, updated_at=row.c.updated_at)
    )


def react(interaction, author, message, emoji, client_key):
    """Store our reaction to a message; none takes an earlier one back."""
    known = _with_key(interaction, client_key)
    if known is not None:
        return known
    emoji = emoji.strip()
    if not message.provider_id or message.direction == Direction.NOTE:
        raise ValueError("This message has not reached WhatsApp, so nobody can react to it.")
    if len(emoji) > LONGEST_EMOJI or (emoji and emoji.isascii()):
        raise ValueError("A reaction is one emoji.")
    return _queued(
        interaction,
        author,
        MessageKind.REACTION,
        emoji,
        client_key,
        content={"emoji": emoji},
        target_provider_id=message.provider_id,
    )


def _queued(interaction, author, kind, text, client_key, reply_to=None, template=None, **columns):
    """Ask the gate, store, and hint: what every kind of message goes through."""
    refusal = may_send(interaction, kind, template=template)
    if refusal:
        raise Refused(refusal)
    contacting.touched(interaction.contact, utcnow().replace(microsecond=0))
    message = _stored(
        interaction,
        author,
        text,
        client_key,
        kind=kind,
        direction=Direction.OUT,
        status=MessageStatus.QUEUED,
        reply_to=reply_to,
        template_id=template.id if template else None,
        **columns,
    )
    if interaction.direction == "out":
        _begin(interaction, message)
    asked = interaction.direction == "in" or interaction.last_customer_at is not None
    by_hand = author is not None and kind != MessageKind.REACTION
    if asked and by_hand and interaction.first_reply_at is None:
        interaction.first_reply_at = message.received_at
        keeping.first_replied(interaction, message.received_at)
    summary.note_message(interaction, message)
    summary.announce(interaction, message)
    jobs.hint("workers.outbound.drain", interaction.account_id)
    return message


def _begin(interaction, message):
    """An outbound conversation's session counts from the first message that reaches the customer:
    where the one that began it failed, this one does."""
    began = interaction.session_message_id
    first = db.session.get(Message, began) if began else None
    if first is None or (
        first.status == MessageStatus.FAILED and interaction.last_customer_at is None
    ):
        interaction.session_message_id = message.id


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
    again = _with_key(message.interaction, f"retry-{message.id}") or _again(message, by)
    message.retried_as_id = again.id
    summary.announce(message.interaction, message)
    return again


def _again(message, by):
    """The same once more: its words, its structured rest, and the file that is stored already."""
    again = _queued(
        message.interaction,
        by,
        message.kind,
        message.text,
        f"retry-{message.id}",
        message.reply_to,
        template=template_of(message),
        content=message.content,
        target_provider_id=message.target_provider_id,
    )
    if message.media is not None:
        _own_file(again, message.media)
        summary.note_message(message.interaction, again)
    return again


def template_of(message):
    """The template behind a message, as it stands now."""
    if message.template_id is None:
        return None
    return db.session.get(MessageTemplate, message.template_id, populate_existing=True)


def _own_file(message, source):
    """`source` is an Attachment or another message's Media: their columns bear the same names."""
    names = ("mime_type", "filename", "size", "sha256", "width", "height", "seconds")
    message.media = Media(
        account_id=message.account_id,
        state=MediaState.READY,
        storage_key=source.storage_key,
        thumbnail_key=source.thumbnail_key,
        next_attempt_at=None,
        **{name: getattr(source, name) for name in names},
    )
    db.session.flush()


def _caption(text, longest):
    text = (text or "").replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > longest:
        raise ValueError(
            f"A caption may have {longest:,} characters; this has {len(text):,}. "
            "Shorten it or send it as a message."
        )
    return text


def _checked(text, longest=MAX_TEXT, taker=""):
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise ValueError("Write something first.")
    if len(text) > longest:
        who = taker if longest < MAX_TEXT else "WhatsApp"
        raise ValueError(
            f"{who} takes up to {longest:,} characters; this has {len(text):,}. "
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
