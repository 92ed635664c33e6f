"""A conversation as it reads: bubbles with their marks folded in, events, day lines."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import joinedload

from webapp import words
from webapp.extensions import db
from webapp.inbox.models import (
    MARKS,
    Direction,
    Interaction,
    InteractionEvent,
    Message,
    MessageStatus,
)

PAGE = 50
FOLLOWING = 200
TOGETHER = timedelta(minutes=5)  # one person's messages this close stand as one block
SILENT = ("lapsed",)  # kept for the record; a queue that rings for an hour would fill the thread


@dataclass(frozen=True, slots=True)
class Reaction:
    emoji: str
    ours: bool


@dataclass(slots=True)
class Bubble:
    message: Message
    quote: Message | None = None
    quoted: bool = False  # it answers something, known to us or not
    reactions: list = field(default_factory=list)
    failed_reaction: Message | None = None  # our last one, where the provider refused it
    text: str = ""
    edited: bool = False
    revoked: bool = False
    continues: bool = False
    type = "bubble"

    @property
    def our_reaction(self):
        return next((reaction.emoji for reaction in self.reactions if reaction.ours), "")

    @property
    def at(self):
        return self.message.written_at

    @property
    def key(self):
        return (int(self.at.timestamp()), 2, self.message.id)

    @property
    def by(self):
        """Who speaks; neighbours by the same are drawn as one block."""
        author = self.message.author_id or self.message.source
        return (
            "in" if self.message.direction == Direction.IN else f"{self.message.direction}{author}"
        )


@dataclass(slots=True)
class Event:
    event: InteractionEvent
    type = "event"

    @property
    def at(self):
        return self.event.at

    @property
    def key(self):
        return (int(self.at.timestamp()), 3 if self.event.kind == "closed" else 1, self.event.id)


@dataclass(slots=True)
class Line:
    """A day, or where what is new begins."""

    type: str
    at: datetime
    key: tuple


@dataclass(slots=True)
class Page:
    items: list
    older: int | None = None  # the message before which the next older page ends
    more: bool = False


def page(interaction, before=None, limit=PAGE):
    """The last messages, or those before a given one; with the events that fell between."""
    statement = _messages(interaction)
    if before:
        statement = statement.where(_earlier(before))
    newest = statement.order_by(Message.written_at.desc(), Message.id.desc()).limit(limit + 1)
    found = list(db.session.scalars(newest))
    older = len(found) > limit
    found = found[:limit][::-1]
    since = found[0].written_at if older else None
    events = _events(interaction, since, before.written_at if before else None)
    items = _sorted(bubbles_of(found) + events)
    return Page(_with_days(items), found[0].id if older else None)


# Asked for each message by whoever has it on the screen: building it would cost as much again.
_NEW = (
    select(Message)
    .where(
        Message.account_id == bindparam("account"),
        Message.contact_id == bindparam("contact"),
        or_(Message.id > bindparam("after"), Message.id.in_(bindparam("ids", expanding=True))),
    )
    .options(joinedload(Message.author), joinedload(Message.media))
    .order_by(Message.id)
    .limit(FOLLOWING + 1)
)
_MARKS_OF = (
    select(Message)
    .where(
        Message.account_id == bindparam("account"),
        Message.target_provider_id.in_(bindparam("provider_ids", expanding=True)),
        Message.kind.in_(MARKS),
    )
    .order_by(Message.written_at, Message.id)
)


def following(interaction, after, ids=(), events_after=None):
    """What came after the last message a page knows, and these messages as they are now.

    `events_after`: the last event it knows, 0 where it knows none.
    """
    new = or_(Message.id > after, Message.id.in_(ids))
    asked = {"account": interaction.account_id, "contact": interaction.contact_id}
    found = list(db.session.scalars(_NEW, asked | {"after": after, "ids": list(ids)}))
    marked = []
    if any(message.kind in MARKS for message in found):
        found = _oldest(_messages(interaction).where(new))
        marked = _marked(interaction, new, {message.id for message in found[:FOLLOWING]})
    more = len(found) > FOLLOWING
    bubbles = found[:FOLLOWING] + marked
    events = [] if events_after is None else _events(interaction, None, None, events_after)
    return Page(_with_days(_sorted(bubbles_of(bubbles) + events)), more=more)


def bubble(message):
    """One message as it stands now."""
    return bubbles_of([message])[0]


def mark_new(items, interaction):
    """Put a line before the first message the owner has not seen, unless nothing else is above."""
    bubbles = [item for item in items if item.type == "bubble"]
    new = next((item for item in bubbles if _is_new(item.message, interaction)), None)
    if new is None or new is bubbles[0]:
        return
    new.continues = False
    second, _, number = new.key
    items.insert(items.index(new), Line("new", new.at, (second, 2, number - 0.5)))


def _is_new(message, interaction):
    return (
        message.direction == Direction.IN
        and message.interaction_id == interaction.id
        and message.id > (interaction.seen_message_id or 0)
    )


def _conversation(interaction):
    return (
        select(Message)
        .where(
            Message.account_id == interaction.account_id,
            Message.contact_id == interaction.contact_id,
        )
        .options(joinedload(Message.author), joinedload(Message.media))
    )


def _oldest(statement):
    return list(db.session.scalars(statement.order_by(Message.id).limit(FOLLOWING + 1)))


def _messages(interaction):
    return _conversation(interaction).where(Message.kind.not_in(MARKS))


def _earlier(message):
    return and_(
        Message.written_at <= message.written_at,
        or_(Message.written_at < message.written_at, Message.id < message.id),
    )


def _marked(interaction, new, present):
    """The messages that new marks are for; apart from `found`, which more marks than its limit
    would fill without ever bringing the page's last bubble forward.
    """
    targets = (
        _conversation(interaction)
        .where(new, Message.kind.in_(MARKS))
        .with_only_columns(Message.target_provider_id)
    )
    statement = _messages(interaction).where(Message.provider_id.in_(targets))
    newest = db.session.scalars(statement.order_by(Message.id.desc()).limit(FOLLOWING))
    return [message for message in newest if message.id not in present]


def bubbles_of(messages):
    """Bubbles with what was quoted and what was done to each: two queries, however many."""
    marks = _marks(messages)
    quotes = _quotes(messages)
    return [_folded(message, marks, quotes) for message in messages]


def _folded(message, marks, quotes):
    result = Bubble(
        message, quotes.get(message.reply_to), bool(message.reply_to), text=message.text
    )
    reactions = {}
    for mark in marks.get(message.provider_id, ()):
        if mark.kind == "reaction":
            result.failed_reaction = None
            if mark.direction == Direction.OUT and mark.status == MessageStatus.FAILED:
                result.failed_reaction = mark  # what stood there before still stands
            else:
                # One reaction a person: a later one replaces it, an empty one takes it back.
                reactions[mark.direction] = mark.text
        elif mark.kind == "edit":
            result.edited, result.text = True, mark.text
        else:
            result.revoked = True
    result.reactions = [
        Reaction(emoji, direction == Direction.OUT)
        for direction, emoji in reactions.items()
        if emoji
    ]
    return result


def _marks(messages):
    named = _by_account(messages, lambda message: message.provider_id)
    if not named:
        return {}
    account_id, provider_ids = named
    found = db.session.scalars(
        _MARKS_OF, {"account": account_id, "provider_ids": list(provider_ids)}
    )
    marks = {}
    for mark in found:
        marks.setdefault(mark.target_provider_id, []).append(mark)
    return marks


def _quotes(messages):
    named = _by_account(messages, lambda message: message.reply_to)
    if not named:
        return {}
    account_id, provider_ids = named
    found = db.session.scalars(
        select(Message)
        .where(Message.account_id == account_id, Message.provider_id.in_(provider_ids))
        .options(joinedload(Message.author), joinedload(Message.media))
    )
    return {message.provider_id: message for message in found}


def _by_account(messages, name):
    """A thread has one account; (its id, the names that are not empty), or None without any."""
    names = {name(message) for message in messages} - {None}
    return (messages[0].account_id, names) if names else None


def _events(interaction, since, until, after=0):
    statement = (
        select(InteractionEvent)
        .join(Interaction, Interaction.id == InteractionEvent.interaction_id)
        .where(
            Interaction.account_id == interaction.account_id,
            Interaction.contact_id == interaction.contact_id,
            InteractionEvent.id > after,
            InteractionEvent.kind.not_in(SILENT),
        )
        .options(joinedload(InteractionEvent.user), joinedload(InteractionEvent.queue))
        .order_by(InteractionEvent.id.desc())
        .limit(FOLLOWING)
    )
    if since:
        statement = statement.where(InteractionEvent.at >= since)
    if until:
        statement = statement.where(InteractionEvent.at < until)
    return [Event(event) for event in db.session.scalars(statement)]


def _sorted(items):
    items.sort(key=lambda item: item.key)
    for above, item in pairwise(items):
        if above.type == item.type == "bubble":
            item.continues = above.by == item.by and item.at - above.at < TOGETHER
    return items


def _with_days(items):
    days, result = set(), []
    for item in items:
        date = words.local_day(item.at)
        if date not in days:
            days.add(date)
            result.append(_day_line(date))
            if item.type == "bubble":
                item.continues = False
        result.append(item)
    return result


def _day_line(date):
    midnight = datetime(date.year, date.month, date.day, tzinfo=words.zone())
    return Line("day", midnight, (int(midnight.timestamp()), 0, 0))
