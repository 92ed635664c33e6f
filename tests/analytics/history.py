"""A month of an invented contact centre: raw events, told to the product as they happened.

The events stay in plain lists, so that a test can count them again, slowly and obviously.
"""

import random
from datetime import timedelta
from types import SimpleNamespace

from tests import factories
from webapp.analytics import keeping
from webapp.analytics.models import Outcome
from webapp.extensions import db
from webapp.inbox.models import (
    CloseReason,
    Direction,
    Interaction,
    InteractionState,
    Message,
    MessageStatus,
)
from webapp.queues.models import Offer, OfferState
from webapp.settings import dispositions
from webapp.staff.models import Presence
from webapp.unit_of_work import unit_of_work

STATES = (
    (Presence.AVAILABLE, None),
    (Presence.PAUSED, "Lunch"),
    (Presence.PAUSED, "Break"),
    (Presence.OFFLINE, None),
)
OUTGOING = (
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.READ,
    MessageStatus.FAILED,
    MessageStatus.UNKNOWN,
)


class History:
    """`conversations`, `states`, `offers`, `messages`: what happened, in the order it did."""

    def __init__(self, seed, start, days, conversations=60):
        self.random = random.Random(seed)
        self.start, self.days = start, days
        self.end = start + timedelta(days=days)
        self.agents = [factories.make_user(f"Agent {n}") for n in range(3)]
        self.queues = [
            factories.make_queue(f"Queue {n}", self.agents, service_seconds=30 + 60 * n)
            for n in range(2)
        ]
        self.accounts = [factories.make_account() for _ in range(2)]
        self.outcomes = self._outcomes()
        self.conversations, self.states, self.offers, self.messages = [], [], [], []
        with unit_of_work():
            self._agents()
            for _ in range(conversations):
                self._conversation()

    def _outcomes(self):
        """{id: path} of the last levels, and nothing."""
        for label in (("Delivery", "Answered", ("Moved", "By us", "By them")), ("Sold",)):
            factories.make_disposition(*label)
        labels = dispositions.every(dispositions.tree()).values()
        return {label.id: label.path for label in labels if not label.below} | {None: ()}

    def moment(self):
        """Any microsecond; often right at a change of the day, where mistakes live."""
        at = self.start + timedelta(seconds=self.random.uniform(0, self.days * 86_400))
        if self.random.random() < 0.3:
            at = at.replace(minute=self.random.choice((0, 59)), second=0, microsecond=0)
        return at

    def later(self, at, most):
        return at + timedelta(seconds=self.random.choice((0, 1, self.random.uniform(0, most))))

    def _agents(self):
        for agent in self.agents:
            moments = sorted(self.moment() for _ in range(40))
            for at in moments:
                state, reason = self.random.choice(STATES)
                keeping.agent_is(agent, state, reason, at)
                self.states.append(
                    SimpleNamespace(agent=agent.id, state=str(state), reason=reason, at=at)
                )

    def _conversation(self):
        at = self.moment()
        row = self._interaction(at)
        told = SimpleNamespace(id=row.id, account=row.account_id, steps=[], reply=None, close=None)
        self.conversations.append(told)
        managed = self.random.random() < 0.8
        row.queue_id = self.random.choice(self.queues).id if managed else None
        row.state = InteractionState.WAITING if managed else InteractionState.UNMANAGED
        keeping.begun(row, at)
        told.steps.append(SimpleNamespace(at=at, phase=row.state, queue=row.queue_id, agent=None))
        self._message(row, Direction.IN, MessageStatus.RECEIVED, at)
        for _ in range(self.random.randrange(4)):
            at = self._step(row, told, self.later(at, 400))
        self._close(row, told, at)

    def _interaction(self, at):
        row = Interaction(
            account_id=self.random.choice(self.accounts).id,
            contact_id=self._contact().id,
            state=InteractionState.NEW,
            started_at=at,
            last_message_at=at,
            session_expires_at=at + timedelta(hours=24),
        )
        db.session.add(row)
        db.session.flush()
        return row

    def _contact(self):
        contact = factories.Contact(name="Somebody")
        db.session.add(contact)
        db.session.flush()
        return contact

    def _step(self, row, told, at):
        choice = self.random.random()
        if row.state != InteractionState.ASSIGNED and choice < 0.3 and row.queue_id:
            return self._offer(row, at)
        if choice < 0.7:
            return self._assign(row, told, at)
        outcome = Outcome.MOVED
        if row.state == InteractionState.WAITING and choice < 0.85:
            outcome = Outcome.TIMED_OUT
        return self._queue(row, told, at, outcome)

    def _offer(self, row, at):
        ended, agent = self.later(at, 60), self.random.choice(self.agents)
        state = self.random.choice((OfferState.PASSED, OfferState.LAPSED, OfferState.ACCEPTED))
        db.session.add(
            Offer(
                interaction_id=row.id,
                queue_id=row.queue_id,
                user_id=agent.id,
                state=state,
                offered_at=at,
                expires_at=ended,
                ended_at=ended,
            )
        )
        self.offers.append(
            SimpleNamespace(
                at=ended,
                account=row.account_id,
                queue=row.queue_id,
                agent=agent.id,
                state=str(state),
            )
        )
        return ended

    def _assign(self, row, told, at):
        had = row.state == InteractionState.ASSIGNED
        row.state, row.owner_id = InteractionState.ASSIGNED, self.random.choice(self.agents).id
        outcome = Outcome.MOVED if had else Outcome.ACCEPTED
        keeping.moved(row, outcome, at)
        self._told(told, row, at, outcome)
        if told.reply is None and self.random.random() < 0.7:
            at = self.later(at, 300)
            self._message(row, Direction.OUT, self.random.choice(OUTGOING), at, row.owner_id)
            keeping.first_replied(row, at)
            told.reply = SimpleNamespace(at=at, queue=row.queue_id, agent=row.owner_id)
        return at

    def _queue(self, row, told, at, outcome):
        row.state, row.owner_id = InteractionState.WAITING, None
        row.queue_id = self.random.choice(self.queues).id
        keeping.moved(row, outcome, at)
        self._told(told, row, at, outcome)
        return at

    def _told(self, told, row, at, outcome):
        told.steps[-1].outcome = str(outcome)
        told.steps.append(
            SimpleNamespace(at=at, phase=row.state, queue=row.queue_id, agent=row.owner_id)
        )

    def _close(self, row, told, at):
        if self.random.random() < 0.1:
            return
        row.state = InteractionState.CLOSED
        row.closed_at = self.later(at, 90_000)
        row.close_reason = self.random.choice(
            (CloseReason.AGENT, CloseReason.TIMEOUT, CloseReason.MERGED)
        )
        if row.close_reason == CloseReason.AGENT:
            row.disposition_id = self.random.choice(list(self.outcomes))
        db.session.flush()
        keeping.closed([row.id])
        told.close = SimpleNamespace(
            at=row.closed_at,
            reason=str(row.close_reason),
            outcome=self.outcomes[row.disposition_id],
        )

    def _message(self, row, direction, status, at, author_id=None):
        db.session.add(
            Message(
                account_id=row.account_id,
                contact_id=row.contact_id,
                interaction_id=row.id,
                direction=direction,
                status=status,
                author_id=author_id,
                written_at=at,
                received_at=at,
            )
        )
        self.messages.append(
            SimpleNamespace(
                at=at,
                account=row.account_id,
                agent=author_id,
                direction=str(direction),
                status=str(status),
            )
        )
