"""What the panel beside a conversation tells of its customer."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.extensions import db
from webapp.inbox.models import Direction, Interaction, Message
from webapp.staff import access

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Facts:
    notes: list
    note_count: int
    earlier: list
    earlier_count: int


def facts(interaction, user):
    """Notes, and the customer's other conversations that this person may open; newest first."""
    notes = select(Message).where(
        Message.account_id == interaction.account_id,
        Message.contact_id == interaction.contact_id,
        Message.direction == Direction.NOTE,
    )
    earlier = select(Interaction).where(
        Interaction.contact_id == interaction.contact_id,
        Interaction.id != interaction.id,
        access.visible_interactions(user),
    )
    newest_notes = notes.order_by(Message.id.desc()).options(joinedload(Message.author))
    newest = earlier.order_by(Interaction.id.desc()).options(joinedload(Interaction.account))
    return Facts(
        list(db.session.scalars(newest_notes.limit(SHOWN))),
        _count(notes),
        list(db.session.scalars(newest.limit(SHOWN))),
        _count(earlier),
    )


def _count(statement):
    return db.session.scalar(select(func.count()).select_from(statement.subquery()))
