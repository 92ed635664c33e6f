"""Who is in which queue, in which order; asked for from the queue's page and the person's."""

from sqlalchemy import delete, func, select

from webapp.database import lock
from webapp.extensions import db
from webapp.queues import ringing
from webapp.queues.models import Offer, OfferState, Queue, QueueMember


def set_members(queue, user_ids):
    """These people, in this order; who leaves keeps their conversations but rings no more."""
    _lock(queue.id)
    known = {member.user_id: member for member in queue.members}
    queue.members = [
        known.get(user_id) or QueueMember(user_id=user_id) for user_id in dict.fromkeys(user_ids)
    ]
    for position, member in enumerate(queue.members):
        member.position = position
    db.session.flush()
    _stop_ringing(queue.id, set(known) - set(user_ids))
    ringing.hint(queue.id)


def set_queues(user, queue_ids):
    """This person is a member of these queues and no others; new ones take them in last."""
    held = set(queue_ids_of(user.id))
    for queue_id in sorted(held - set(queue_ids)):
        _lock(queue_id)
        _leave(queue_id, user.id)
    for queue_id in sorted(set(queue_ids) - held):
        _lock(queue_id)
        _join(queue_id, user.id)
    db.session.flush()


def queue_ids_of(user_id):
    rows = select(QueueMember.queue_id).where(QueueMember.user_id == user_id)
    return db.session.scalars(rows.order_by(QueueMember.queue_id)).all()


def _leave(queue_id, user_id):
    db.session.execute(
        delete(QueueMember).where(QueueMember.queue_id == queue_id, QueueMember.user_id == user_id)
    )
    _stop_ringing(queue_id, {user_id})


def _join(queue_id, user_id):
    last = select(func.max(QueueMember.position)).where(QueueMember.queue_id == queue_id)
    position = db.session.scalar(last)
    position = 0 if position is None else position + 1
    db.session.add(QueueMember(queue_id=queue_id, user_id=user_id, position=position))
    ringing.hint(queue_id)


def _lock(queue_id):
    db.session.execute(lock(select(Queue.id).where(Queue.id == queue_id)))


def _stop_ringing(queue_id, user_ids):
    if user_ids:
        theirs = (Offer.queue_id == queue_id) & Offer.user_id.in_(user_ids)
        ringing.end(theirs, OfferState.WITHDRAWN)
        ringing.hint(queue_id)
