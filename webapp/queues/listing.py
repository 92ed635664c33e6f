"""What the pages of queues show: members and who waits, in a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.accounts.models import Account, RoutingStep
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import strategy
from webapp.queues.candidates import free_places
from webapp.queues.models import Offer, OfferState, Queue, QueueMember, Strategy
from webapp.staff import access
from webapp.staff.models import Presence, User
from webapp.tables.spec import Column, Filter, Table, containing

STRATEGIES = {
    Strategy.BEEP_ALL: "Everyone at once",
    Strategy.RR_MEMORY: "In turn",
    Strategy.LEAST_RECENT: "Longest since last offer",
}
MEMBERS = {"some": "With members", "none": "Without members"}


@dataclass
class Crew:
    """The members of one queue, in their order."""

    people: list = field(default_factory=list)

    @property
    def available(self):
        return sum(1 for person in self.people if is_there(person))


@dataclass(frozen=True)
class Ringing:
    """One offer as its agent sees it."""

    id: int
    interaction: Interaction
    queue: Queue
    expires_at: datetime
    left: int
    waited: int


def every_queue(user):
    """Each queue that this leader sees, with how many wait there now, since when, and how many
    members it has."""
    return (
        select(Queue, Queue.id.label("id"), _WAITING.c.oldest, WAITING.label("waiting"))
        .outerjoin(_WAITING, _WAITING.c.queue_id == Queue.id)
        .outerjoin(_MEMBERS, _MEMBERS.c.queue_id == Queue.id)
        .where(access.visible_queues(user))
    )


def to_export(user):
    """The same with the names of the members at hand."""
    members = selectinload(Queue.members).joinedload(QueueMember.user)
    return every_queue(user).options(members)


def count_queues(user):
    seen = select(func.count()).select_from(Queue).where(access.visible_queues(user))
    return db.session.scalar(seen)


def without_members(user):
    seen = select(Queue).where(~_has_members(), access.visible_queues(user))
    found = seen.order_by(func.lower(Queue.name), Queue.id)
    return db.session.scalars(found).all()


def crews_of(queue_ids):
    """Queue's id → its members, of a whole page at once."""
    rows = (
        select(QueueMember.queue_id, User)
        .join(User, User.id == QueueMember.user_id)
        .where(QueueMember.queue_id.in_(queue_ids))
        .order_by(QueueMember.queue_id, QueueMember.position, User.id)
    )
    crews = defaultdict(Crew)
    for queue_id, person in db.session.execute(rows):
        crews[queue_id].people.append(person)
    return crews


def people_by_id(user_ids):
    return {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(user_ids)))}


def people_to_add(user_ids):
    """Active people who are not among these."""
    others = select(User).where(User.active, User.id.not_in(user_ids))
    return db.session.scalars(others.order_by(func.lower(User.name), User.id)).all()


def next_in_line(queue):
    """(member, free places) in the order in which a new conversation would ring them."""
    people = {id: user for id, user in people_by_id(_ids(queue)).items() if is_there(user)}
    places = free_places(people.values())
    free = [member for member in queue.members if places.get(member.user_id, 0) > 0]
    return [
        (people[member.user_id], places[member.user_id]) for member in strategy.in_line(queue, free)
    ]


def accounts_served(queue):
    """Names of the accounts that lead here."""
    names = (
        select(Account.name)
        .join(RoutingStep, RoutingStep.account_id == Account.id)
        .where(RoutingStep.queue_id == queue.id, Account.archived_at.is_(None))
        .distinct()
        .order_by(Account.name)
    )
    return db.session.scalars(names).all()


def is_there(user):
    return user.active and user.presence == Presence.AVAILABLE


def ringing_for(user, now=None):
    """This person's open offers, the one that ends first in front."""
    now = now or utcnow()
    found = (
        select(Offer)
        .join(Offer.interaction)
        .where(
            Offer.user_id == user.id,
            Offer.state == OfferState.OPEN,
            Interaction.state == InteractionState.WAITING,
        )
        .options(
            joinedload(Offer.queue),
            joinedload(Offer.interaction).joinedload(Interaction.account),
        )
        .order_by(Offer.expires_at, Offer.id)
    )
    return [_as_ringing(offer, now) for offer in db.session.scalars(found)]


def _as_ringing(offer, now):
    since = offer.interaction.waiting_since or offer.offered_at
    return Ringing(
        id=offer.id,
        interaction=offer.interaction,
        queue=offer.queue,
        expires_at=offer.expires_at,
        left=max(0, int((offer.expires_at - now).total_seconds())),
        waited=max(0, int((now - since).total_seconds())),
    )


def _ids(queue):
    return [member.user_id for member in queue.members]


def _has_members():
    return exists().where(QueueMember.queue_id == Queue.id)


def _handed_out(value):
    return Queue.strategy == Strategy(value)


def _with_members(value):
    if value not in MEMBERS:
        raise ValueError(value)
    return _has_members() if value == "some" else ~_has_members()


def _names(row):
    return ", ".join(member.user.name for member in row.Queue.members)


_WAITING = (
    select(
        Interaction.queue_id,
        func.count().label("waiting"),
        func.min(Interaction.waiting_since).label("oldest"),
    )
    .where(Interaction.state == InteractionState.WAITING)
    .group_by(Interaction.queue_id)
    .subquery("waiting_now")
)
_MEMBERS = (
    select(QueueMember.queue_id, func.count().label("members"))
    .group_by(QueueMember.queue_id)
    .subquery("members_of")
)
WAITING = func.coalesce(_WAITING.c.waiting, 0)

QUEUES = Table(
    name="queues",
    key=Queue.id,
    columns=(
        Column("name", "Queue", func.lower(Queue.name), lambda row: row.Queue.name, fixed=True),
        Column(
            "description",
            "Description",
            None,
            lambda row: row.Queue.description,
            shown=False,
            classes="soft wrapcell",
        ),
        Column(
            "strategy", "Handed out", Queue.strategy, lambda row: STRATEGIES[row.Queue.strategy]
        ),
        Column("members", "Members", func.coalesce(_MEMBERS.c.members, 0), _names),
        Column(
            "timeout", "Ring time", Queue.timeout, lambda row: row.Queue.timeout, classes="r num"
        ),
        Column("weight", "Weight", Queue.weight, lambda row: row.Queue.weight, classes="r num"),
        Column(
            "target",
            "Reply target",
            Queue.reply_target,
            lambda row: row.Queue.reply_target,
            shown=False,
            classes="r num",
        ),
        Column("waiting", "Waiting", WAITING, lambda row: row.waiting, classes="r num"),
        Column("oldest", "Longest wait", None, lambda row: row.oldest, classes="r num"),
    ),
    sort="name",
    filters=(
        Filter("strategy", "Handed out", _handed_out, lambda: list(STRATEGIES.items())),
        Filter("members", "Members", _with_members, lambda: list(MEMBERS.items())),
    ),
    search=containing(Queue.name, Queue.description),
)
