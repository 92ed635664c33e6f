"""What figures stand on: who was there when, what became of each conversation, who may look."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, Word, utcnow
from webapp.extensions import db

STILL = text("to_at IS NULL")
LONG = timedelta(hours=25)  # what ends by itself ends within a day


class AgentInterval(db.Model):
    """How long a person was available, paused or offline; the last one has no end yet.

    Whether an available person is full is told by the conversations they hold meanwhile.
    """

    __tablename__ = "agent_intervals"
    __table_args__ = (
        Index(
            "uq_agent_intervals_still",
            "user_id",
            unique=True,
            postgresql_where=STILL,
            sqlite_where=STILL,
        ),
        Index("ix_agent_intervals_user", "user_id", "from_at"),
        Index("ix_agent_intervals_ended", "to_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(Word(10))  # a Presence
    reason: Mapped[str | None] = mapped_column(String(60))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user = relationship("User")


class Phase(StrEnum):
    ROUTING = "routing"
    WAITING = "waiting"
    UNMANAGED = "unmanaged"
    ASSIGNED = "assigned"


class Outcome(StrEnum):
    ACCEPTED = "accepted"  # somebody became the owner: by an offer, by taking it, by being given it
    TIMED_OUT = "timed_out"  # it left the queue because nobody accepted in time
    MOVED = "moved"  # to another phase, queue or owner without any of these
    CLOSED = "closed"


class InteractionPhase(db.Model):
    """How long an interaction was in one hand, or in none; the last one has no end until it closes.

    What a figure asks of the interaction is repeated here, so that counting reads one index range
    of one table: whose it was, when a person first accepted it, how quickly it was first answered.
    """

    __tablename__ = "interaction_phases"
    __table_args__ = (
        Index(
            "uq_interaction_phases_still",
            "interaction_id",
            unique=True,
            postgresql_where=STILL,
            sqlite_where=STILL,
        ),
        Index("ix_interaction_phases_interaction", "interaction_id", "from_at"),
        Index("ix_interaction_phases_ended", "to_at"),
        Index("ix_interaction_phases_begun", "from_at"),
        Index("ix_interaction_phases_owner", "owner_id", "from_at"),
        # Found apart, so that asking who waited at a moment reads one day before it, not all.
        Index(
            "ix_interaction_phases_long",
            "to_at",
            postgresql_where=text("is_long"),
            sqlite_where=text("is_long = 1"),
        ),
        Index(
            "ix_interaction_phases_replied",
            "first_reply_at",
            postgresql_where=text("first_reply_at IS NOT NULL"),
            sqlite_where=text("first_reply_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    interaction_id: Mapped[int] = mapped_column(ForeignKey("interactions.id", ondelete="CASCADE"))
    phase: Mapped[str] = mapped_column(Word(10))
    account_id: Mapped[int] = mapped_column(BigId)
    queue_id: Mapped[int | None] = mapped_column(BigId)
    owner_id: Mapped[int | None] = mapped_column(BigId)
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(Word(10))
    close_reason: Mapped[str | None] = mapped_column(String(10))
    disposition_id: Mapped[int | None] = mapped_column(BigId)  # chosen as it closed
    opens: Mapped[bool] = mapped_column(default=False)  # its interaction's first one
    is_long: Mapped[bool] = mapped_column(default=False)  # ended, and lasted longer than LONG
    # When a person first became the owner, in this phase or an earlier one.
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Where the customer's first message was first answered in this phase: when, after how long.
    first_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_reply_seconds: Mapped[int | None]


class Kind(StrEnum):
    """What is summed up by itself, because it changes by itself."""

    PHASES = "phases"  # what became of conversations, and the offers of them
    MESSAGES = "messages"
    PRESENCE = "presence"


class SummedUp(db.Model):
    """From which second until before which one all quarters of an hour of a kind are summed up.

    `turn` grows with each of them: of two who sum up at once, one finds that it has.
    """

    __tablename__ = "summed_up"

    kind: Mapped[str] = mapped_column(Word(10), primary_key=True)
    from_second: Mapped[int] = mapped_column(BigInteger)
    until_second: Mapped[int] = mapped_column(BigInteger)
    turn: Mapped[int] = mapped_column(BigInteger, default=0)


class LateChange(db.Model):
    """Seconds of which a row was changed more than an hour later; their sums are to be made anew.

    Triggers of the database write it, in the transaction that changes the row, whoever does.
    """

    __tablename__ = "late_changes"
    __table_args__ = (Index("ix_late_changes_kind", "kind", "until_second"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(Word(10))
    from_second: Mapped[int] = mapped_column(BigInteger)
    until_second: Mapped[int] = mapped_column(BigInteger)


class PhaseSum(db.Model):
    """What `figures` counts of phases and offers in a quarter of an hour, for one of each place.

    The columns are named as the figures are; the durations stand there one by one, with commas
    between them, so that medians are as exact as from the rows.
    """

    __tablename__ = "phase_sums"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    second: Mapped[int] = mapped_column(BigInteger, index=True)
    account_id: Mapped[int | None] = mapped_column(BigId)
    queue_id: Mapped[int | None] = mapped_column(BigId)
    agent_id: Mapped[int | None] = mapped_column(BigId)
    begun: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    waiting_begun: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    accepted_in_time: Mapped[int] = mapped_column(default=0)
    timed_out: Mapped[int] = mapped_column(default=0)
    abandoned: Mapped[int] = mapped_column(default=0)
    abandoned_waiting: Mapped[int] = mapped_column(default=0)
    closed: Mapped[int] = mapped_column(default=0)
    expired: Mapped[int] = mapped_column(default=0)
    handled: Mapped[int] = mapped_column(default=0)
    handed_over: Mapped[int] = mapped_column(default=0)
    waiting_ended: Mapped[int] = mapped_column(default=0)
    replied: Mapped[int] = mapped_column(default=0)
    replied_in_time: Mapped[int] = mapped_column(default=0)
    offers_accepted: Mapped[int] = mapped_column(default=0)
    passed: Mapped[int] = mapped_column(default=0)
    missed: Mapped[int] = mapped_column(default=0)
    wait_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    handle_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    reply_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    waits: Mapped[str | None] = mapped_column(Text)
    handles: Mapped[str | None] = mapped_column(Text)
    replies: Mapped[str | None] = mapped_column(Text)


class MessageSum(db.Model):
    """What `figures` counts of messages in a quarter of an hour, by account and template."""

    __tablename__ = "message_sums"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    second: Mapped[int] = mapped_column(BigInteger, index=True)
    account_id: Mapped[int] = mapped_column(BigId)
    template_id: Mapped[int | None] = mapped_column(BigId)
    received: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)
    read: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    unknown: Mapped[int] = mapped_column(default=0)


class PresenceSum(db.Model):
    """How long a person was available, and busy, in a quarter of an hour: seconds, as
    `attendance.busy` has them."""

    __tablename__ = "presence_sums"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    second: Mapped[int] = mapped_column(BigInteger, index=True)
    user_id: Mapped[int] = mapped_column(BigId)
    available: Mapped[int]
    holding: Mapped[int]
    places: Mapped[int] = mapped_column(BigInteger)


class BoardLink(db.Model):
    """An address that shows the board's figures to whoever has it, until it ends."""

    __tablename__ = "board_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    choice: Mapped[dict] = mapped_column(JSON, default=dict)  # {queue, account, team}: ids
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    created_by = relationship("User")
