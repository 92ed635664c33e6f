"""Begins a conversation from our side: a first contact, or writing on where one has ended."""

from sqlalchemy import select

from webapp import words
from webapp.analytics import keeping
from webapp.campaigns import ledger
from webapp.campaigns.results import bubbles
from webapp.columns import utcnow
from webapp.contacts import calling, matching, phones
from webapp.database import insert
from webapp.extensions import db
from webapp.inbox import closing, gate, summary
from webapp.inbox.models import NOT_CLOSED, CloseReason, Interaction, InteractionState
from webapp.inbox.sessions import LENGTH
from webapp.live import push
from webapp.providers.base import Identity, IdentityKind
from webapp.queues import accepting, ringing
from webapp.staff import access
from webapp.staff.models import User


class Elsewhere(Exception):
    """A conversation with this customer is open and it is not this person's: who has it."""

    def __init__(self, interaction, sentence):
        super().__init__(sentence)
        self.interaction_id = interaction.id


def contact_of(account, number, name="", country=None):
    """The contact behind a number, made where nobody has it yet; ValueError says what is wrong."""
    digits = phones.normalise(number, country)
    contact = matching.contact_for(account, (Identity(IdentityKind.PHONE, digits),))
    if name.strip() and not contact.name:
        first, _, last = " ".join(name.split()).partition(" ")
        calling.call(contact, first, last)
    return contact


def recontact(interaction, by, now=None):
    """The conversation to write on in: itself while it is open, else a new one linked to it."""
    now = now or utcnow()
    if not interaction.is_closed(now):
        return _mine(interaction, by, now)
    started = start(interaction.account, interaction.contact, by, now, interaction.queue_id)
    interaction.left_unanswered = False  # whoever writes on deals with it
    summary.announce(interaction)
    return started


def start(account, contact, by, now=None, queue_id=None):
    """The sender's own outbound conversation; one that is open already is gone on with if it is
    theirs. Raises Elsewhere, gate.Refused, accepting.Full.

    A customer may write at this moment: the database lets one conversation be open, and whoever
    comes second finds the other's.
    """
    now = now or utcnow()
    refusal = gate.may_write_to(account, contact)
    if refusal:
        raise gate.Refused(refusal)
    agent = ringing.lock_people(User.id == by.id)[by.id] if by else None
    found = _open_one(account, contact)
    if found is not None and found.is_closed(now):
        closing.close(found, CloseReason.TIMEOUT, now=now)
        found = None
    if found is not None:
        return _mine(found, by, now)
    if agent is not None and not access.leads(agent):
        accepting.check_place(agent)
    sent = bubbles.unshown(account.id, contact.id, now)
    made = _made(account, contact, by, now, queue_id)
    if made is None:
        return _mine(_open_one(account, contact), by, now)
    keeping.begun(made, now)
    bubbles.show(made, sent)
    ledger.save(sent)
    summary.note_event(made, "begun", user=by)
    summary.announce(made)
    if made.previous_id:  # whoever still has it on the screen is shown where it goes on
        push.changed(f"interaction:{made.previous_id}")
    return made


def _made(account, contact, by, now, queue_id):
    """None where another one was opened at this moment."""
    previous = _last_one(account, contact)
    window = previous.window_expires_at if previous and previous.window_open(now) else None
    at = now.replace(microsecond=0)
    return db.session.scalar(
        insert(Interaction)
        .on_conflict_do_nothing(index_elements=["account_id", "contact_id"], index_where=NOT_CLOSED)
        .returning(Interaction),
        {
            "account_id": account.id,
            "contact_id": contact.id,
            "direction": "out",
            "state": InteractionState.ASSIGNED if by else InteractionState.UNMANAGED,
            "owner_id": by.id if by else None,
            "assigned_at": now if by else None,
            "queue_id": queue_id,
            "previous_id": previous.id if previous else None,
            "started_at": at,
            "session_expires_at": at + LENGTH,
            "window_expires_at": window,
            "last_message_at": at,
            "contact_name": contact.display_name[:200],
            "contact_phone": contact.display_phone[:90],
        },
    )


def _open_one(account, contact):
    return db.session.scalar(
        select(Interaction)
        .where(
            Interaction.account_id == account.id,
            Interaction.contact_id == contact.id,
            Interaction.state != InteractionState.CLOSED,
        )
        .execution_options(populate_existing=True)
    )


def _last_one(account, contact):
    return db.session.scalar(
        select(Interaction)
        .where(Interaction.account_id == account.id, Interaction.contact_id == contact.id)
        .order_by(Interaction.id.desc())
        .limit(1)
    )


def _mine(found, by, now):
    if found is not None and by is not None and found.owner_id == by.id:
        return found
    if found is not None and by is None:
        return found
    raise Elsewhere(found, who_has(found))


def who_has(interaction):
    name = words.first_name(interaction.contact_name)
    if interaction.owner is not None:
        return f"{interaction.owner.name} is already writing with {name}."
    if interaction.queue is not None:
        return f"{name} has written and waits in {interaction.queue.name}. Take that one to answer."
    return f"{name} has written and nobody answers yet. Take that one to answer."
