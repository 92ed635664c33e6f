"""A person's wish to write again to many, conversation by conversation."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, Word, utcnow
from webapp.extensions import db


class EntryState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"  # handed on; what becomes of it its message tells
    SKIPPED = "skipped"


class Recontact(db.Model):
    """A person's wish to write again to many customers, by one template per account.

    `templates` is {account id as text: {"template": id, "values": {"body day": "Tuesday"}}}: the
    values stand where a contact has none of its own.
    """

    __tablename__ = "recontacts"
    __table_args__ = (
        Index(
            "ix_recontacts_running",
            "id",
            postgresql_where=text("finished_at IS NULL"),
            sqlite_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    templates: Mapped[dict] = mapped_column(JSON)
    total: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    by = relationship("User")


class RecontactEntry(db.Model):
    """One conversation of a Recontact; what it became is written with its message."""

    __tablename__ = "recontact_entries"
    __table_args__ = (
        UniqueConstraint("recontact_id", "interaction_id"),
        Index(
            "ix_recontact_entries_queued",
            "recontact_id",
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    recontact_id: Mapped[int] = mapped_column(ForeignKey("recontacts.id", ondelete="CASCADE"))
    interaction_id: Mapped[int] = mapped_column(ForeignKey("interactions.id"), index=True)
    state: Mapped[str] = mapped_column(Word(8), default=EntryState.QUEUED)
    reason: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[int | None] = mapped_column(BigId)

    interaction = relationship("Interaction")
