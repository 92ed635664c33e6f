"""What the conversation list shows: its sections, their order, and how many wait where."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.extensions import db
from webapp.inbox.models import Draft, Interaction, InteractionState
from webapp.staff import access

PAGE = 50
COUNTED = 1000  # beyond this a tab says "999+"

OPEN = Interaction.state != InteractionState.CLOSED
CLOSED = Interaction.state == InteractionState.CLOSED
WAITING = Interaction.state == InteractionState.WAITING
UNMANAGED = Interaction.state == InteractionState.UNMANAGED
ASSIGNED = Interaction.state == InteractionState.ASSIGNED
TABS = ("mine", "queues", "done", "all")


@dataclass(frozen=True, slots=True)
class Plan:
    """One section: which interactions, by which column, newest or oldest first."""

    key: str
    title: str
    condition: object
    column: object
    has: object  # the same asked of one row that the person may see
    newest_first: bool = True
    part_of: object = None  # a condition that this section shares with others


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    interactions: list
    next: str | None  # where the next page begins, None on the last
    column: str | None = None  # by which it is sorted
    hits: dict = field(default_factory=dict)  # interaction → the words a search has found

    def place(self, row):
        """Where the row stands: as long as this stays the same, it keeps its place."""
        return f"{self.key}~{getattr(row, self.column).isoformat()}" if self.column else ""


@dataclass(frozen=True, slots=True)
class Counts:
    mine: int
    unread: int
    queues: int


def tabs(user):
    return TABS if access.leads(user) else TABS[:3]


def sections(user, show, open_id=None):
    """The sections of one tab that have anything in them, each with its first page."""
    found = _first_pages(plans(user, show))
    shown = {row.id for section in found for row in section.interactions}
    if open_id and open_id not in shown:
        found.insert(0, _opened(user, open_id))
    return [section for section in found if section.interactions]


def _first_pages(wanted):
    """Sections that part the same conversations are read together while these fit on one page."""
    together = [plan for plan in wanted if plan.part_of is not None]
    rows = _all_of(together[0].part_of) if together else None
    return [
        _part(plan, rows) if rows is not None and plan in together else page(plan)
        for plan in wanted
    ]


def _all_of(condition):
    rows = list(db.session.scalars(_rows(condition).limit(PAGE + 1)))
    return rows if len(rows) <= PAGE else None


def _part(plan, rows):
    """What the database would have given for this plan, out of rows already read."""
    mine = [row for row in rows if plan.has(row)]
    mine.sort(key=lambda row: (getattr(row, plan.column.key), row.id), reverse=plan.newest_first)
    return Section(plan.key, plan.title, mine, None, plan.column.key)


def unmoved(user, show, places):
    """The rows of `{id: place}` by section, or None where one has come, gone or moved."""
    wanted = plans(user, show)
    found = {plan.key: Section(plan.key, plan.title, [], None, plan.column.key) for plan in wanted}
    for row in by_ids(user, list(places)):
        section = next((found[plan.key] for plan in wanted if plan.has(row)), None)
        if section is None or section.place(row) != places[row.id]:
            return None
        section.interactions.append(row)
    shown = sum(len(section.interactions) for section in found.values())
    return list(found.values()) if shown == len(places) else None


def plans(user, show):
    mine = Interaction.owner_id == user.id
    visible = access.visible_interactions(user)
    left = and_(Interaction.left_unanswered, CLOSED)
    last, closed_at = Interaction.last_message_at, Interaction.closed_at
    since, waiting = Interaction.unanswered_since, Interaction.waiting_since
    unowned = and_(Interaction.owner_id.is_(None), visible)
    if show == "queues":
        return [
            Plan(
                "waiting", "Waiting in your queues", and_(WAITING, visible), waiting, _waits, False
            ),
            Plan("unmanaged", "In no queue", and_(UNMANAGED, visible), last, _is_unmanaged, False),
            Plan("left", "Left unanswered", and_(left, unowned), closed_at, _is_left_by(None)),
        ]
    if show == "done":
        done = visible if access.leads(user) else mine
        return [Plan("done", "Done", and_(CLOSED, done), closed_at, _is_done_by(user))]
    if show == "all" and access.leads(user):
        return [
            Plan("waiting", "Waiting", and_(WAITING, visible), waiting, _waits, False),
            Plan("unmanaged", "In no queue", and_(UNMANAGED, visible), last, _is_unmanaged, False),
            Plan("assigned", "With somebody", and_(ASSIGNED, visible), last, _is_assigned),
            Plan(
                "left",
                "Left unanswered",
                and_(left, visible),
                closed_at,
                lambda row: row.left_unanswered,
            ),
        ]
    open_and_mine = and_(OPEN, mine)
    return [
        Plan(
            "reply",
            "Needs a reply",
            and_(open_and_mine, since.is_not(None)),
            since,
            lambda row: _is_open_of(user, row) and row.unanswered_since is not None,
            newest_first=False,
            part_of=open_and_mine,
        ),
        Plan(
            "customer",
            "Waiting for the customer",
            and_(open_and_mine, since.is_(None)),
            last,
            lambda row: _is_open_of(user, row) and row.unanswered_since is None,
            part_of=open_and_mine,
        ),
        Plan("left", "Left unanswered", and_(left, mine), closed_at, _is_left_by(user.id)),
    ]


def _waits(row):
    return row.state == InteractionState.WAITING


def _is_unmanaged(row):
    return row.state == InteractionState.UNMANAGED


def _is_assigned(row):
    return row.state == InteractionState.ASSIGNED


def _is_closed(row):
    return row.state == InteractionState.CLOSED


def _is_open_of(user, row):
    return row.owner_id == user.id and not _is_closed(row)


def _is_left_by(owner_id):
    return lambda row: row.left_unanswered and _is_closed(row) and row.owner_id == owner_id


def _is_done_by(user):
    return lambda row: _is_closed(row) and (access.leads(user) or row.owner_id == user.id)


def page(plan, after=None, limit=PAGE):
    """One page of a section, by key: `after` is the `next` of the page before."""
    statement = _rows(plan.condition)
    if after:
        statement = statement.where(_beyond(plan, *_read(after)))
    keys = (plan.column, Interaction.id)
    order = [key.desc() for key in keys] if plan.newest_first else list(keys)
    rows = list(db.session.scalars(statement.order_by(*order).limit(limit + 1)))
    more = len(rows) > limit
    rows = rows[:limit]
    beyond = _write(plan, rows[-1]) if more else None
    return Section(plan.key, plan.title, rows, beyond, plan.column.key)


def counts(user):
    """How many are mine, how many of those have something unread, how many wait for anybody."""
    mine = and_(OPEN, Interaction.owner_id == user.id)
    waiting = (
        select(Interaction.id)
        .where(or_(WAITING, UNMANAGED), access.visible_interactions(user))
        .limit(COUNTED)
    )
    return Counts(
        *db.session.execute(
            select(
                select(func.count()).where(mine).scalar_subquery(),
                select(func.count()).where(mine, Interaction.unread > 0).scalar_subquery(),
                select(func.count()).select_from(waiting.subquery()).scalar_subquery(),
            )
        ).one()
    )


def unread_count(user):
    """How many of this person's open conversations have something unread."""
    return db.session.scalar(
        select(func.count()).where(OPEN, Interaction.owner_id == user.id, Interaction.unread > 0)
    )


def drafts_of(user, found):
    """Interaction id → what this person wrote there and has not sent."""
    ids = [row.id for section in found for row in section.interactions]
    if not ids:
        return {}
    statement = select(Draft.interaction_id, Draft.text).where(
        Draft.user_id == user.id, Draft.interaction_id.in_(ids), Draft.text != ""
    )
    return {row.interaction_id: row.text for row in db.session.execute(statement)}


def is_empty():
    """Whether no customer ever wrote: the first day."""
    return db.session.scalar(select(Interaction.id).limit(1)) is None


def by_ids(user, ids):
    """These interactions in this order, without those the person may not see."""
    rows = db.session.scalars(
        _rows(Interaction.id.in_(ids)).where(access.visible_interactions(user))
    )
    known = {row.id: row for row in rows}
    return [known[id_] for id_ in ids if id_ in known]


def _rows(condition):
    return select(Interaction).where(condition).options(joinedload(Interaction.queue))


def _opened(user, open_id):
    return Section("open", "Open now", by_ids(user, [open_id]), None)


def _beyond(plan, value, id_):
    if plan.newest_first:
        return or_(plan.column < value, and_(plan.column == value, Interaction.id < id_))
    return or_(plan.column > value, and_(plan.column == value, Interaction.id > id_))


def _write(plan, row):
    return f"{getattr(row, plan.column.key).isoformat()}~{row.id}"


def _read(cursor):
    """Raises ValueError for a cursor nobody handed out."""
    value, _, id_ = cursor.partition("~")
    moment = datetime.fromisoformat(value)
    if moment.utcoffset() != timedelta(0):
        raise ValueError("we write UTC")
    return moment, int(id_)
