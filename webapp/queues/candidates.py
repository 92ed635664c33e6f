"""Who could take a waiting conversation now: free places, the account's list, and the round."""

from collections import Counter, defaultdict
from datetime import timedelta

from sqlalchemy import and_, exists, func, or_, select

from webapp.accounts.models import AccountAgent
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import ringing
from webapp.queues.models import Offer, OfferState, Queue, QueueMember

TRIED = (OfferState.PASSED, OfferState.LAPSED)
UNLIMITED = 1_000_000


class Candidates:
    """The members of one queue who are available, with what is known of them at this moment.

    Made under the lock on these people's rows, so nobody else hands out their places meanwhile.
    """

    def __init__(self, queue, people, now):
        self._now = now
        self._rest = timedelta(seconds=queue.timeout)
        self._members = [member for member in queue.members if member.user_id in people]
        self._places = free_places([people[member.user_id] for member in self._members])
        self._listed = {}
        self._history = {}

    def any_free(self):
        return any(places > 0 for places in self._places.values())

    def study(self, waiting, queue):
        """Read at once what is needed of all the conversations about to be offered."""
        self._listed = _listed_agents({interaction.account_id for interaction in waiting})
        self._history = _history(queue, waiting)
        for user_id, count in _wanted_elsewhere(queue, list(self._places)).items():
            self._places[user_id] -= count

    def free_for(self, interaction):
        """The members to choose from, in the queue's order; nobody twice in one round."""
        offers = self._history.get(interaction.id, [])
        rung = {offer.user_id for offer in offers if offer.state == OfferState.OPEN}
        free = [
            member
            for member in self._members
            if member.user_id not in rung
            and self._places[member.user_id] > 0
            and self._serves(member.user_id, interaction.account_id)
        ]
        had_it = _this_round(offers)
        fresh = [member for member in free if member.user_id not in had_it]
        if fresh or rung:
            return fresh
        # Everybody had it once: the next round begins, but not at once with who has just passed.
        resting = self._resting(offers)
        return [member for member in free if member.user_id not in resting]

    def is_ringing(self, interaction):
        offers = self._history.get(interaction.id, [])
        return any(offer.state == OfferState.OPEN for offer in offers)

    def take_place(self, user_id):
        self._places[user_id] -= 1

    def _serves(self, user_id, account_id):
        return account_id not in self._listed or user_id in self._listed[account_id]

    def _resting(self, offers):
        return {
            offer.user_id
            for offer in offers
            if offer.state == OfferState.PASSED and offer.ended_at + self._rest > self._now
        }


def _this_round(offers):
    """Who has had the conversation since somebody had it twice: that is where a round began."""
    had_it = set()
    for offer in offers:
        if offer.state in TRIED:
            had_it = {offer.user_id} if offer.user_id in had_it else had_it | {offer.user_id}
    return had_it


def free_places(people):
    """Capacity less what is owned and what rings already; 0 means no limit."""
    ids = [user.id for user in people]
    owned = _count_by(
        Interaction.owner_id,
        and_(Interaction.owner_id.in_(ids), Interaction.state != InteractionState.CLOSED),
    )
    ringing = _count_by(Offer.user_id, and_(Offer.user_id.in_(ids), Offer.state == OfferState.OPEN))
    return {
        user.id: (user.capacity or UNLIMITED) - owned[user.id] - ringing[user.id] for user in people
    }


def _listed_agents(account_ids):
    """Agents by account, for the accounts that have a list of their own."""
    listed = defaultdict(set)
    rows = select(AccountAgent).where(AccountAgent.account_id.in_(account_ids))
    for row in db.session.scalars(rows):
        listed[row.account_id].add(row.user_id)
    return listed


def _history(queue, waiting):
    """The offers of each conversation since it began to wait here, oldest first."""
    since = {interaction.id: interaction.waiting_since for interaction in waiting}
    offers = (
        select(Offer)
        .where(Offer.interaction_id.in_(since), Offer.queue_id == queue.id)
        .order_by(Offer.id)
        .execution_options(populate_existing=True)
    )
    history = defaultdict(list)
    for offer in db.session.scalars(offers):
        if since[offer.interaction_id] is None or offer.offered_at >= since[offer.interaction_id]:
            history[offer.interaction_id].append(offer)
    return history


def _wanted_elsewhere(queue, user_ids):
    """Per person, how many conversations of heavier queues are about to be offered to them."""
    narrowed = exists().where(AccountAgent.account_id == Interaction.account_id)
    named = exists().where(
        AccountAgent.account_id == Interaction.account_id,
        AccountAgent.user_id == QueueMember.user_id,
    )
    had_it = exists().where(
        Offer.interaction_id == Interaction.id,
        Offer.user_id == QueueMember.user_id,
        Offer.state.in_(TRIED),
    )
    rows = (
        select(QueueMember.user_id, func.count())
        .join(Queue, Queue.id == QueueMember.queue_id)
        .join(Interaction, Interaction.queue_id == Queue.id)
        .where(
            QueueMember.user_id.in_(user_ids),
            Queue.weight > queue.weight,
            Interaction.state == InteractionState.WAITING,
            or_(~narrowed, named),
            ~ringing.is_ringing(Interaction.id),
            ~had_it,
        )
        .group_by(QueueMember.user_id)
    )
    return dict(db.session.execute(rows).all())


def _count_by(column, condition):
    rows = select(column, func.count()).where(condition).group_by(column)
    return Counter(dict(db.session.execute(rows).all()))
