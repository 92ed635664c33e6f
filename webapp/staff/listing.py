"""What the list of people shows: one page of them, by key, in a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select, tuple_

from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues.models import Queue, QueueMember
from webapp.staff.models import SignIn, User

PAGE = 50


@dataclass
class Page:
    people: list
    next_after: int | None
    queues: dict = field(default_factory=dict)
    owned: dict = field(default_factory=dict)
    signed_in: dict = field(default_factory=dict)


def page_of_people(search="", role=None, after=None):
    """People by name; `after` is the id of the last one of the page before."""
    found = select(User).order_by(func.lower(User.name), User.id).limit(PAGE + 1)
    if search:
        like = f"%{_plain(search)}%"
        found = found.where(
            or_(User.name.ilike(like, escape="\\"), User.email.ilike(like, escape="\\"))
        )
    if role:
        found = found.where(User.role == role)
    last = db.session.get(User, after) if after else None
    if last is not None:
        key = tuple_(func.lower(User.name), User.id)
        found = found.where(key > tuple_(func.lower(last.name), last.id))
    people = db.session.scalars(found).all()
    shown = people[:PAGE]
    ids = [person.id for person in shown]
    return Page(
        people=shown,
        next_after=shown[-1].id if len(people) > PAGE else None,
        queues=_queues(ids),
        owned=owned_counts(ids),
        signed_in=_last_seen(ids),
    )


def count_people():
    return db.session.scalar(select(func.count()).select_from(User))


def owned_counts(user_ids):
    rows = (
        select(Interaction.owner_id, func.count())
        .where(Interaction.owner_id.in_(user_ids), Interaction.state != InteractionState.CLOSED)
        .group_by(Interaction.owner_id)
    )
    return dict(db.session.execute(rows).all())


def _queues(user_ids):
    rows = (
        select(QueueMember.user_id, Queue.name)
        .join(Queue, Queue.id == QueueMember.queue_id)
        .where(QueueMember.user_id.in_(user_ids))
        .order_by(Queue.name)
    )
    names = defaultdict(list)
    for user_id, name in db.session.execute(rows):
        names[user_id].append(name)
    return names


def _last_seen(user_ids):
    rows = (
        select(SignIn.user_id, func.max(SignIn.seen_at))
        .where(SignIn.user_id.in_(user_ids))
        .group_by(SignIn.user_id)
    )
    return dict(db.session.execute(rows).all())


def _plain(search):
    for sign in ("\\", "%", "_"):
        search = search.replace(sign, f"\\{sign}")
    return search
