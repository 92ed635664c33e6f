"""Reports with a row for every conversation, or every message: for files only, made by a job."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from webapp.accounts.models import Account
from webapp.analytics import figures, periods
from webapp.extensions import db
from webapp.inbox.models import Interaction, Message
from webapp.queues.models import Queue
from webapp.reports import counting
from webapp.reports.spec import Column, Kind
from webapp.staff.models import User

PIECE = 1_000
ENDINGS = {
    "agent": "By an agent",
    "flow": "By routing",
    "timeout": "By time",
    "merged": "Merged",
    "archived": "Account archived",
}
LEVELS = ("outcome", "outcome_2", "outcome_3")
DIRECTIONS = {"in": "Received", "out": "Sent", "note": "Note"}


@dataclass(frozen=True)
class Listing:
    """`ids(choice)` selects the ids of its rows; `row(record, names)` makes one."""

    name: str
    title: str
    columns: tuple
    table: type
    ids: object
    row: object
    load: tuple = ()

    @property
    def is_long(self):
        return True

    def total(self, choice):
        return db.session.scalar(select(func.count()).select_from(self.ids(choice).subquery()))

    def pieces(self, choice):
        """Lists of rows, day by day in the order of their ids: memory does not grow with them.
        Their times are those of the choice's zone."""
        names, zone = _names(), ZoneInfo(choice.zone)
        for day in periods.days(choice.first, choice.last):
            ids = sorted(db.session.scalars(self.ids(choice._replace(first=day, last=day))))
            for place in range(0, len(ids), PIECE):
                yield self._made(ids[place : place + PIECE], names, zone)

    def _made(self, ids, names, zone):
        key = self.table.id
        found = select(self.table).where(key.in_(ids)).order_by(key).options(*self.load)
        made = [self._local(self.row(record, names), zone) for record in db.session.scalars(found)]
        db.session.expunge_all()
        return made

    def _local(self, row, zone):
        for column in self.columns:
            if column.kind == Kind.MOMENT and row[column.name] is not None:
                row[column.name] = row[column.name].astimezone(zone)
        return row


def _names():
    return {
        table: dict(db.session.execute(select(table.id, table.name)).all())
        for table in (Account, Queue, User)
    }


def _conversation_ids(choice):
    where = counting.where(figures.BEGUN, choice)
    return figures.rows_behind(figures.BEGUN, "begun", *choice.span, where)


def _message_ids(choice):
    return figures.rows_of(
        figures.WRITTEN, Message.id, *choice.span, counting.where(figures.WRITTEN, choice)
    )


def _conversation(record, names):
    return {
        "id": record.id,
        "account": names[Account].get(record.account_id),
        "queue": names[Queue].get(record.queue_id),
        "agent": names[User].get(record.owner_id),
        "contact": record.contact_name,
        "number": record.contact_phone,
        "began": record.started_at,
        "accepted": record.assigned_at,
        "replied": record.first_reply_at,
        "closed": record.closed_at,
        "ended": ENDINGS.get(record.close_reason, record.close_reason),
        **dict.fromkeys(LEVELS),
        **dict(zip(LEVELS, record.disposition_path or (), strict=False)),
    }


def _message(record, names):
    return {
        "id": record.id,
        "conversation": record.interaction_id,
        "account": names[Account].get(record.account_id),
        "contact": record.contact.display_name if record.contact else None,
        "direction": DIRECTIONS.get(record.direction, record.direction),
        "kind": record.kind,
        "by": names[User].get(record.author_id),
        "written": record.written_at,
        "status": record.status,
        "error": record.error,
        "text": record.text,
    }


LISTINGS = {
    listing.name: listing
    for listing in (
        Listing(
            "every-conversation",
            "Every conversation",
            (
                Column("id", "Number"),
                Column("account", "Account", Kind.TEXT),
                Column("queue", "Queue", Kind.TEXT),
                Column("agent", "Agent", Kind.TEXT),
                Column("contact", "Contact", Kind.TEXT),
                Column("number", "WhatsApp number", Kind.TEXT),
                Column("began", "Began", Kind.MOMENT),
                Column("accepted", "Accepted", Kind.MOMENT),
                Column("replied", "First reply", Kind.MOMENT),
                Column("closed", "Closed", Kind.MOMENT),
                Column("ended", "How it ended", Kind.TEXT),
                Column("outcome", "Outcome", Kind.TEXT),
                Column("outcome_2", "Outcome, second level", Kind.TEXT),
                Column("outcome_3", "Outcome, third level", Kind.TEXT),
            ),
            Interaction,
            _conversation_ids,
            _conversation,
        ),
        Listing(
            "every-message",
            "Every message",
            (
                Column("id", "Number"),
                Column("conversation", "Conversation"),
                Column("account", "Account", Kind.TEXT),
                Column("contact", "Contact", Kind.TEXT),
                Column("direction", "Direction", Kind.TEXT),
                Column("kind", "Kind", Kind.TEXT),
                Column("by", "Written by", Kind.TEXT),
                Column("written", "Written", Kind.MOMENT),
                Column("status", "Status", Kind.TEXT),
                Column("error", "Error", Kind.TEXT),
                Column("text", "Text", Kind.TEXT),
            ),
            Message,
            _message_ids,
            _message,
            (selectinload(Message.contact),),
        ),
    )
}
