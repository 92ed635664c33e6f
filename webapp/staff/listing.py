"""What the list of people shows, in a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import false, func, select, true

from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues.models import Queue, QueueMember
from webapp.staff.models import Presence, Role, SignIn, User
from webapp.tables.spec import Column, Filter, Table, containing

ROLE_NAMES = {Role.AGENT: "Agent", Role.SUPERVISOR: "Supervisor", Role.ADMIN: "Administrator"}
STATES = {
    Presence.AVAILABLE: "Available",
    Presence.PAUSED: "Paused",
    Presence.OFFLINE: "Offline",
    "off": "Switched off",
}


@dataclass(frozen=True, slots=True)
class About:
    """What a page of people shows beside their own rows, by person."""

    queues: dict
    owned: dict
    seen: dict


def everybody():
    return select(User)


def count_people():
    return db.session.scalar(select(func.count()).select_from(User))


def about(people):
    ids = [person.id for person in people]
    return About(queues=_queues(ids), owned=owned_counts(ids), seen=_last_seen(ids))


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


def _of_role(value):
    return User.role == Role(value)


def _in_state(value):
    if value == "off":
        return User.active == false()
    return (User.active == true()) & (User.presence == Presence(value))


def _in_queue(value):
    members = select(QueueMember.user_id).where(QueueMember.queue_id == int(value[:18]))
    return User.id.in_(members)


def _all_queues():
    found = db.session.execute(select(Queue.id, Queue.name).order_by(Queue.name))
    return [(str(queue_id), name) for queue_id, name in found]


PEOPLE = Table(
    name="people",
    key=User.id,
    columns=(
        Column("name", "Name", func.lower(User.name), lambda person: person.name, fixed=True),
        Column("email", "Email", User.email, lambda person: person.email, shown=False),
        Column("role", "Role", User.role, lambda person: ROLE_NAMES[person.role]),
        Column("queues", "Queues", classes="wrapcell"),
        Column("owned", "Conversations", classes="r num"),
        Column("state", "State", None, lambda person: STATES[_state_of(person)]),
        Column("seen", "Last seen", classes="num muted"),
        Column(
            "created",
            "Created",
            User.created_at,
            lambda person: person.created_at,
            shown=False,
            classes="num muted",
        ),
    ),
    sort="name",
    filters=(
        Filter("role", "Role", _of_role, lambda: [(str(r), n) for r, n in ROLE_NAMES.items()]),
        Filter("queue", "Queue", _in_queue, _all_queues),
        Filter("state", "State", _in_state, lambda: [(str(s), n) for s, n in STATES.items()]),
    ),
    search=containing(User.name, User.email),
)


def _state_of(person):
    return person.presence if person.active else "off"
