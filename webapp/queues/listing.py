"""What the pages of queues show: members and who waits, in a fixed number of queries."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from webapp.accounts.models import Account, RoutingStep
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import strategy
from webapp.queues.candidates import free_places
from webapp.queues.models import Offer, OfferState, Queue, QueueMember
from webapp.staff.models import Presence, User


@dataclass
class Row:
    queue: Queue
    people: list = field(default_factory=list)
    waiting: int = 0
    oldest: datetime | None = None

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


def rows(search=""):
    """Every queue by name with its members and who waits now."""
    found = select(Queue).order_by(func.lower(Queue.name), Queue.id)
    if search:
        found = found.where(
            or_(
                Queue.name.icontains(search, autoescape=True),
                Queue.description.icontains(search, autoescape=True),
            )
        )
    listed = {queue.id: Row(queue) for queue in db.session.scalars(found)}
    for queue_id, person in db.session.execute(_members()):
        if queue_id in listed:
            listed[queue_id].people.append(person)
    for queue_id, waiting, oldest in db.session.execute(_waiting()):
        if queue_id in listed:
            listed[queue_id].waiting, listed[queue_id].oldest = waiting, oldest
    return list(listed.values())


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


def _members():
    return (
        select(QueueMember.queue_id, User)
        .join(User, User.id == QueueMember.user_id)
        .order_by(QueueMember.queue_id, QueueMember.position, User.id)
    )


def _waiting():
    return (
        select(Interaction.queue_id, func.count(), func.min(Interaction.waiting_since))
        .where(Interaction.state == InteractionState.WAITING)
        .group_by(Interaction.queue_id)
    )
