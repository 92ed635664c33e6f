"""Lets hours pass for one sandbox conversation by moving its stored times back."""

from datetime import timedelta

from sqlalchemy import select

from webapp.analytics.models import InteractionPhase
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import Interaction, InteractionEvent, InteractionState, Message, Receipt

# Every stored moment of a conversation; a new column belongs in here (a test compares).
TIMES = {
    Interaction: (
        "created_at",
        "started_at",
        "waiting_since",
        "assigned_at",
        "first_reply_at",
        "closed_at",
        "window_expires_at",
        "session_expires_at",
        "last_customer_at",
        "last_message_at",
        "unanswered_since",
        "wake_at",
    ),
    Message: (
        "written_at",
        "received_at",
        "processed_at",
        "status_at",
        "retry_at",
        "look_up_at",
    ),
    InteractionEvent: ("at",),
    InteractionPhase: ("from_at", "to_at", "accepted_at", "first_reply_at"),
    Receipt: ("at", "received_at"),
}


def shift(account, contact, seconds):
    """This contact's conversations on the account are as they will be in so many seconds.

    What then closes it is the ordinary sweep; nothing here changes a state.
    """
    if account.provider != "sandbox":
        raise ValueError("Time passes only for conversations of a sandbox account.")
    back = timedelta(seconds=seconds)
    for row in _rows(account, contact):
        for name in TIMES[type(row)]:
            moment = getattr(row, name)
            if moment is not None:
                setattr(row, name, moment - back)
    db.session.flush()
    for interaction in _interactions(account, contact):
        if interaction.state != InteractionState.CLOSED:
            summary.announce(interaction)


def _rows(account, contact):
    yield from _interactions(account, contact)
    messages = select(Message).where(
        Message.account_id == account.id, Message.contact_id == contact.id
    )
    yield from db.session.scalars(messages)
    events = (
        select(InteractionEvent)
        .join(Interaction, Interaction.id == InteractionEvent.interaction_id)
        .where(Interaction.account_id == account.id, Interaction.contact_id == contact.id)
    )
    yield from db.session.scalars(events)
    phases = (
        select(InteractionPhase)
        .join(Interaction, Interaction.id == InteractionPhase.interaction_id)
        .where(Interaction.account_id == account.id, Interaction.contact_id == contact.id)
    )
    yield from db.session.scalars(phases)
    receipts = select(Receipt).where(Receipt.message_id.in_(messages.with_only_columns(Message.id)))
    yield from db.session.scalars(receipts)


def _interactions(account, contact):
    return db.session.scalars(
        select(Interaction)
        .where(Interaction.account_id == account.id, Interaction.contact_id == contact.id)
        .order_by(Interaction.id)
    ).all()
