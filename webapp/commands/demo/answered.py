"""What customers wrote back to the demo's campaigns, and what became of it: ended conversations."""

from datetime import timedelta

from webapp.analytics import keeping
from webapp.analytics.models import Outcome
from webapp.campaigns.results import bubbles
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import (
    CloseReason,
    Direction,
    Interaction,
    InteractionState,
    Message,
    MessageStatus,
)
from webapp.queues.models import Offer, OfferState

DAY, RING = timedelta(hours=24), timedelta(seconds=30)
# What a customer wrote, and what an agent answered.
SAID = (
    ("Thursday is fine, thank you.", "Good. The driver calls half an hour before."),
    ("Could it be after five?", "Yes: between five and seven. I have noted it."),
    ("Thanks! Is the balcony door included?", "It is. You find the details in your account."),
    ("Please send it to my office instead.", "Done, the new address is on your order."),
    ("How long does the offer last?", "Until the end of the month, in our shop and online."),
    ("I moved last week, my street is another one now.", "Thank you, I have changed it."),
)


class Answers:
    """Tells each reply once: the campaign's message, the customer's words, an agent's answer."""

    def __init__(self, agents, chance, now):
        self._agents, self._chance, self._now = agents, chance, now

    def tell(self, campaign, entry):
        """The conversation behind a held recipient who replied; whoever holds it saves it."""
        contact = db.session.get(Contact, entry.contact_id)
        agent_id = self._chance.choice(self._agents)
        asked, answered = self._chance.choice(SAID)
        at = entry.replied_at.replace(microsecond=0)
        taken, replied, ended = self._moments(at)
        talk = self._waiting(campaign, contact, at)
        self._show_campaign(talk, entry)
        self._say(talk, asked, at, Direction.IN, MessageStatus.RECEIVED)
        talk.owner_id, talk.state, talk.assigned_at = agent_id, InteractionState.ASSIGNED, taken
        self._rang(talk, taken)
        keeping.moved(talk, Outcome.ACCEPTED, taken)
        keeping.first_replied(talk, replied)
        talk.first_reply_at, talk.unread = replied, 0
        self._say(talk, answered, replied, Direction.OUT, MessageStatus.READ, author_id=agent_id)
        talk.state, talk.closed_at, talk.closed_by_id = InteractionState.CLOSED, ended, agent_id
        talk.close_reason = CloseReason.AGENT
        db.session.flush()
        keeping.closed([talk.id])

    def _moments(self, at):
        """When it was accepted, answered and closed: none of it is still to come."""
        moments = []
        for fewest, most in ((8, 90), (20, 150), (60, 600)):
            at = min(at + timedelta(seconds=self._chance.randint(fewest, most)), self._now)
            moments.append(at)
        return moments

    @staticmethod
    def _waiting(campaign, contact, at):
        talk = Interaction(
            account_id=campaign.account_id,
            contact_id=contact.id,
            contact_name=contact.display_name,
            contact_phone=contact.display_phone,
            campaign_id=campaign.id,
            variables={"campaign": campaign.name},
            queue_id=campaign.account.steps[0].queue_id,
            state=InteractionState.WAITING,
            created_at=at,
            started_at=at,
            waiting_since=at,
            last_message_at=at,
            last_customer_at=at,
            window_expires_at=at + DAY,
            session_expires_at=at + DAY,
        )
        db.session.add(talk)
        db.session.flush()
        keeping.begun(talk, at)
        return talk

    def _rang(self, talk, taken):
        """The offer its agent accepted."""
        offered = taken - timedelta(seconds=self._chance.randint(2, 7))
        who = {"interaction_id": talk.id, "queue_id": talk.queue_id, "user_id": talk.owner_id}
        when = {"offered_at": offered, "expires_at": offered + RING, "ended_at": taken}
        db.session.add(Offer(state=OfferState.ACCEPTED, **who, **when))

    @staticmethod
    def _show_campaign(talk, entry):
        entry.interaction_id = talk.id
        for message in bubbles.show(talk, [entry]):
            # Nothing has changed since: the demo's people and templates are as old as it tells.
            drawn = {name: one for name, one in message.content.items() if name != "since_changed"}
            message.content, message.received_at = drawn, entry.sent_at

    @staticmethod
    def _say(talk, text, at, direction, status, **columns):
        message = Message(
            account_id=talk.account_id,
            contact_id=talk.contact_id,
            interaction_id=talk.id,
            direction=direction,
            status=status,
            status_at=at,
            text=text,
            provider_id=f"wamid.demo.{talk.id}.{direction}",
            written_at=at,
            received_at=at,
            processed_at=at,
            **columns,
        )
        db.session.add(message)
        db.session.flush()
        summary.note_message(talk, message)
