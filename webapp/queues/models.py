"""Queues, their members, and the offers that ring agents."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, Word, utcnow
from webapp.extensions import db


class Strategy(StrEnum):
    BEEP_ALL = "beep_all"
    RR_MEMORY = "rr_memory"
    LEAST_RECENT = "least_recent"


class Queue(db.Model):
    __tablename__ = "queues"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    strategy: Mapped[str] = mapped_column(String(20), default=Strategy.RR_MEMORY)
    timeout: Mapped[int] = mapped_column(default=30)  # seconds one offer rings
    weight: Mapped[int] = mapped_column(default=0)
    reply_target: Mapped[int] = mapped_column(default=120)  # seconds to the first reply
    # The service level: so many percent accepted within so many seconds. Then what is too much.
    service_seconds: Mapped[int] = mapped_column(default=60, server_default="60")
    service_percent: Mapped[int] = mapped_column(default=80, server_default="80")
    most_waiting: Mapped[int] = mapped_column(default=10, server_default="10")
    longest_wait: Mapped[int] = mapped_column(default=300, server_default="300")  # seconds
    description: Mapped[str] = mapped_column(Text, default="")
    interval_id: Mapped[int | None] = mapped_column(ForeignKey("intervals.id"), index=True)
    # Round robin's memory: the member who was offered last.
    last_offered_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    members = relationship(
        "QueueMember", order_by="QueueMember.position", cascade="all, delete-orphan"
    )
    interval = relationship("Interval")


class QueueMember(db.Model):
    __tablename__ = "queue_members"

    queue_id: Mapped[int] = mapped_column(
        ForeignKey("queues.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(default=0)
    last_offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user = relationship("User")


class OfferState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    PASSED = "passed"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Offer(db.Model):
    """One interaction ringing one agent."""

    __tablename__ = "offers"
    __table_args__ = (
        Index(
            "uq_offers_one_open",
            "interaction_id",
            "user_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index(
            "ix_offers_open_by_end",
            "expires_at",
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index(
            "ix_offers_open_by_user",
            "user_id",
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index("ix_offers_interaction", "interaction_id", "id"),
        Index("ix_offers_ended", "ended_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    interaction_id: Mapped[int] = mapped_column(ForeignKey("interactions.id"))
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(Word(10), default=OfferState.OPEN)
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    interaction = relationship("Interaction")
    queue = relationship("Queue")
    user = relationship("User")
