"""Hands waiting conversations to agents, oldest first, until somebody accepts."""

from datetime import timedelta

from sqlalchemy import and_, exists, or_, select

from webapp.apart import apart
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import ringing, strategy
from webapp.queues.accepting import Full, Refused, Taken, accept, take
from webapp.queues.candidates import Candidates
from webapp.queues.models import Offer, OfferState, Queue, QueueMember, Strategy
from webapp.staff.models import Presence, User
from webapp.unit_of_work import unit_of_work

__all__ = [
    "Full",
    "Refused",
    "Taken",
    "accept",
    "agent_freed",
    "offer",
    "pass_on",
    "take",
    "tick",
    "withdraw",
    "withdraw_from",
]

BATCH = 50


def tick(now=None):
    """Each second: end what rang too long, and offer where somebody waits and somebody is there."""
    now = now or utcnow()
    queue_ids = db.session.scalars(_queues_with_work(now)).all()
    db.session.rollback()
    for queue_id in queue_ids:
        with apart("offering in queue %s", queue_id), unit_of_work():
            offer(queue_id, now)


def offer(queue_id, now=None):
    """Lapse what is due in this queue, then ring for those who wait, by priority and age."""
    now = now or utcnow()
    found = select(Queue).where(Queue.id == queue_id).execution_options(populate_existing=True)
    queue = db.session.scalar(lock(found))
    if queue is None:
        return
    db.session.refresh(queue, ["members"])
    people = ringing.lock_people(_members_there(queue) | User.id.in_(_overdue(queue, now)))
    _lapse(queue, now)
    there = {user.id: user for user in people.values() if _is_there(user)}
    candidates = Candidates(queue, there, now)
    waiting = _waiting(queue, now) if candidates.any_free() else []
    if waiting:
        candidates.study(waiting, queue)
        _ring_for(queue, waiting, candidates, now)


def pass_on(offer, user, now=None):
    """Not me: the next colleague is rung at once."""
    ringing.lock_people(User.id == user.id)
    mine = (Offer.id == offer.id) & (Offer.user_id == user.id)
    for passed in ringing.end(mine, OfferState.PASSED, now):
        _note(passed, "passed")
        ringing.hint(passed.queue_id)


def withdraw(user):
    """Somebody has gone: their offers end and others are rung."""
    for given_up in ringing.end(Offer.user_id == user.id, OfferState.WITHDRAWN):
        ringing.hint(given_up.queue_id)


def withdraw_from(interaction_ids):
    """These conversations are no longer to be had; who was rung for them has places again."""
    ended = ringing.end(Offer.interaction_id.in_(interaction_ids), OfferState.WITHDRAWN)
    ringing.hint_queues_of({offer.user_id for offer in ended})


def agent_freed(user_id):
    """Somebody has a place again: a conversation closed, a pause ended."""
    ringing.hint_queues_of({user_id})


def _queues_with_work(now):
    somebody_waits = exists().where(
        Interaction.queue_id == Queue.id,
        Interaction.state == InteractionState.WAITING,
        Interaction.session_expires_at > now,
        ~ringing.is_ringing(Interaction.id),
    )
    somebody_is_there = exists().where(
        QueueMember.queue_id == Queue.id,
        QueueMember.user_id == User.id,
        User.presence == Presence.AVAILABLE,
    )
    overdue = select(Offer.queue_id).where(Offer.state == OfferState.OPEN, Offer.expires_at <= now)
    return (
        select(Queue.id)
        .where(or_(Queue.id.in_(overdue), and_(somebody_waits, somebody_is_there)))
        .order_by(Queue.weight.desc(), Queue.id)
    )


def _members_there(queue):
    members = select(QueueMember.user_id).where(QueueMember.queue_id == queue.id)
    return and_(User.id.in_(members), User.presence == Presence.AVAILABLE, User.active)


def _overdue(queue, now):
    return select(Offer.user_id).where(_is_overdue(queue, now))


def _is_overdue(queue, now):
    return and_(Offer.queue_id == queue.id, Offer.state == OfferState.OPEN, Offer.expires_at <= now)


def _is_there(user):
    return user.active and user.presence == Presence.AVAILABLE


def _lapse(queue, now):
    for lapsed in ringing.end(_is_overdue(queue, now), OfferState.LAPSED, now):
        _note(lapsed, "lapsed")


def _note(offer, kind):
    summary.note_event(offer.interaction, kind, user=offer.user)
    summary.announce(offer.interaction)


def _waiting(queue, now):
    """The next conversations to ring for, locked; stops before one that somebody works on.

    A conversation locked by a drain or an accept is looked at again within a second. Going on
    behind it would let somebody younger be served first.
    """
    next_ones = (
        select(Interaction.id)
        .where(
            Interaction.queue_id == queue.id,
            Interaction.state == InteractionState.WAITING,
            Interaction.session_expires_at > now,
        )
        .order_by(Interaction.priority.desc(), Interaction.waiting_since, Interaction.id)
        .limit(BATCH)
    )
    if queue.strategy != Strategy.BEEP_ALL:
        next_ones = next_ones.where(~ringing.is_ringing(Interaction.id))
    ids = db.session.scalars(next_ones).all()
    still = lock(
        select(Interaction)
        .where(Interaction.id.in_(ids), Interaction.state == InteractionState.WAITING)
        .execution_options(populate_existing=True),
        skip_locked=True,
    )
    free = {interaction.id: interaction for interaction in db.session.scalars(still)}
    busy = next((place for place, id in enumerate(ids) if id not in free), len(ids))
    return [free[id] for id in ids[:busy]]


def _ring_for(queue, waiting, candidates, now):
    for interaction in waiting:
        if candidates.is_ringing(interaction) and queue.strategy != Strategy.BEEP_ALL:
            continue
        # It may have come while we waited for our locks, or by a clock ahead of ours; an offer
        # older than the waiting would count for an earlier one, and ring the same person twice.
        at = max(now, interaction.waiting_since or now)
        until = at + timedelta(seconds=queue.timeout)
        for member in strategy.choose(queue, candidates.free_for(interaction)):
            ringing.ring(interaction, queue, member.user_id, at, until)
            candidates.take_place(member.user_id)
            member.last_offered_at = at
            queue.last_offered_id = member.user_id
