"""Starts and ends offers, and asks queues to look again when somebody became free.

Locks are taken in one order everywhere: queue, people by id, interaction, offers by id.
"""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import selectinload

from webapp import jobs
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.live import push
from webapp.queues.models import Offer, OfferState, QueueMember
from webapp.staff.models import User


def ring(interaction, queue, user_id, now, until):
    """One agent's browser rings for this conversation."""
    offer = Offer(
        interaction_id=interaction.id,
        queue_id=queue.id,
        user_id=user_id,
        offered_at=now,
        expires_at=until,
    )
    db.session.add(offer)
    db.session.flush()
    push.tell("offered", f"user:{user_id}", offer=offer.id)
    push.changed(f"user:{user_id}", f"offers:{user_id}")
    return offer


def end(condition, state, now=None):
    """End the open offers that meet the condition; gives them back."""
    # The sum keeps SQLite from reading all offers ever made in this order: few of them are open.
    found = lock(
        select(Offer)
        .where(condition, Offer.state == OfferState.OPEN)
        .order_by(Offer.id + 0)
        .options(selectinload(Offer.interaction))
        .execution_options(populate_existing=True)
    )
    ended = db.session.scalars(found).all()
    for offer in ended:
        offer.state = state
        offer.ended_at = now or utcnow()
        push.changed(f"user:{offer.user_id}", f"offers:{offer.user_id}")
    db.session.flush()
    return ended


def is_ringing(interaction_id):
    """The condition that somebody is rung for it.

    NOT IN over the few open offers is hashed once; NOT EXISTS was planned as a scan of them for
    each waiting conversation where PostgreSQL had no statistics yet (0.3 s at 6,000 waiting).
    """
    return interaction_id.in_(select(Offer.interaction_id).where(Offer.state == OfferState.OPEN))


def lock_people(condition):
    """People's rows, fresh and locked in the order of their ids."""
    people = lock(
        select(User).where(condition).order_by(User.id).execution_options(populate_existing=True)
    )
    return {user.id: user for user in db.session.scalars(people)}


def owned_count(user_id):
    """How many conversations fill this person's places."""
    return db.session.scalar(
        select(func.count())
        .select_from(Interaction)
        .where(Interaction.owner_id == user_id, Interaction.state != InteractionState.CLOSED)
    )


def hint_queues_of(user_ids):
    """Whatever waits in the queues of these people is looked at again."""
    if not user_ids:
        return
    waiting = exists().where(
        Interaction.queue_id == QueueMember.queue_id,
        Interaction.state == InteractionState.WAITING,
    )
    queue_ids = (
        select(QueueMember.queue_id).where(QueueMember.user_id.in_(user_ids), waiting).distinct()
    )
    for queue_id in db.session.scalars(queue_ids):
        hint(queue_id)


def hint(queue_id):
    jobs.hint("workers.inbound.offer", queue_id)
