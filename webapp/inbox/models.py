"""Interactions and messages, and the receipts and attempts behind them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, Word, utcnow
from webapp.extensions import db

NOT_CLOSED = text("state <> 'closed'")
# Seen by its owner further than the provider was told: word for word the index's own condition.
UNREPORTED = text(
    "state <> 'closed' AND seen_message_id IS NOT NULL"
    " AND (reported_message_id IS NULL"
    " OR reported_message_id < seen_message_id)"
)
# What may cost something: word for word the condition of ix_messages_charged.
CHARGED = text("template_id IS NOT NULL OR charged_as = 'service'")


class InteractionState(StrEnum):
    NEW = "new"
    ROUTING = "routing"
    WAITING = "waiting"
    ASSIGNED = "assigned"
    UNMANAGED = "unmanaged"
    CLOSED = "closed"


class CloseReason(StrEnum):
    AGENT = "agent"
    FLOW = "flow"
    TIMEOUT = "timeout"
    MERGED = "merged"
    ARCHIVED = "archived"  # with its account


class Interaction(db.Model):
    """One episode between a contact and an account; it ends by closing.

    The columns from `contact_name` on repeat what the list shows, so that a row costs no join;
    the write path keeps them.
    """

    __tablename__ = "interactions"
    __table_args__ = (
        Index(
            "uq_interactions_one_open",
            "account_id",
            "contact_id",
            unique=True,
            postgresql_where=NOT_CLOSED,
            sqlite_where=NOT_CLOSED,
        ),
        Index(
            "ix_interactions_session_end",
            "session_expires_at",
            postgresql_where=NOT_CLOSED,
            sqlite_where=NOT_CLOSED,
        ),
        Index(
            "ix_interactions_waiting",
            "queue_id",
            "priority",
            "waiting_since",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_interactions_owner_open",
            "owner_id",
            "last_message_at",
            postgresql_where=NOT_CLOSED,
            sqlite_where=NOT_CLOSED,
        ),
        Index(
            "ix_interactions_open",
            "state",
            "last_message_at",
            postgresql_where=NOT_CLOSED,
            sqlite_where=NOT_CLOSED,
        ),
        Index(
            "ix_interactions_left",
            "closed_at",
            "id",
            postgresql_where=text("left_unanswered"),
            sqlite_where=text("left_unanswered = 1"),
        ),
        Index("ix_interactions_owner_closed", "owner_id", "closed_at", "id"),
        Index("ix_interactions_closed", "closed_at", "id"),
        Index("ix_interactions_contact", "account_id", "contact_id", "id"),
        Index("ix_interactions_contact_only", "contact_id", "id"),
        Index(
            "ix_interactions_campaign",
            "campaign_id",
            "id",
            postgresql_where=text("campaign_id IS NOT NULL"),
            sqlite_where=text("campaign_id IS NOT NULL"),
        ),
        Index(
            "ix_interactions_disposition",
            "disposition_id",
            "closed_at",
            postgresql_where=text("disposition_id IS NOT NULL"),
            sqlite_where=text("disposition_id IS NOT NULL"),
        ),
        Index(
            "ix_interactions_unreported",
            "account_id",
            postgresql_where=UNREPORTED,
            sqlite_where=UNREPORTED,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    state: Mapped[str] = mapped_column(Word(12), default=InteractionState.NEW)
    direction: Mapped[str] = mapped_column(String(3), default="in")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queues.id"))
    previous_id: Mapped[int | None] = mapped_column(BigId)
    # The campaign it answers, and what the customer's button said, for routing: {button, …}.
    campaign_id: Mapped[int | None] = mapped_column(BigId)
    variables: Mapped[dict | None] = mapped_column(JSON)
    step_position: Mapped[int] = mapped_column(default=0)
    wake_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    priority: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    assigned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    close_reason: Mapped[str | None] = mapped_column(String(10))
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # How it ended: the label that was chosen, and its names then, from the first level on.
    disposition_id: Mapped[int | None] = mapped_column(BigId)
    disposition_path: Mapped[list | None] = mapped_column(JSON(none_as_null=True))
    # The two clocks: WhatsApp's rule for free text, and the product's rule for this row's end.
    window_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    session_expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_customer_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The template that began it: its delivered receipt says when an outbound session starts.
    session_message_id: Mapped[int | None] = mapped_column(BigId)
    # The last customer message the owner has seen, and how far the provider was told so.
    seen_message_id: Mapped[int | None] = mapped_column(BigId)
    reported_message_id: Mapped[int | None] = mapped_column(BigId)

    contact_name: Mapped[str] = mapped_column(String(200), default="")
    contact_phone: Mapped[str] = mapped_column(String(90), default="")
    last_message_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_text: Mapped[str] = mapped_column(String(200), default="")
    last_kind: Mapped[str] = mapped_column(String(20), default="text")
    last_direction: Mapped[str] = mapped_column(String(4), default="in")
    last_status: Mapped[str | None] = mapped_column(String(10))
    last_message_id: Mapped[int | None] = mapped_column(BigId)
    unread: Mapped[int] = mapped_column(default=0)
    # Since when the customer waits for an answer; None when nothing came since our last word.
    unanswered_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Closed by itself with the customer's last message unanswered, until somebody deals with it.
    left_unanswered: Mapped[bool] = mapped_column(default=False)

    account = relationship("Account")
    contact = relationship("Contact")
    owner = relationship("User", foreign_keys=[owner_id])
    queue = relationship("Queue")

    def is_closed(self, now=None):
        """Past its end counts as closed even where the sweep is late."""
        return self.state == InteractionState.CLOSED or self.session_expires_at <= (now or utcnow())

    def window_open(self, now=None):
        return self.window_expires_at is not None and self.window_expires_at > (now or utcnow())


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    NOTE = "note"  # written by a colleague, never leaves


class MessageStatus(StrEnum):
    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


# A status only climbs; `failed` gives way only to proof of delivery.
LADDER = {
    MessageStatus.QUEUED: 0,
    MessageStatus.SENDING: 1,
    MessageStatus.UNKNOWN: 1,
    MessageStatus.SENT: 2,
    MessageStatus.FAILED: 3,
    MessageStatus.DELIVERED: 4,
    MessageStatus.READ: 5,
}

# Kinds that change another message instead of being a bubble of their own.
MARKS = ("reaction", "edit", "revoke")


class Message(db.Model):
    """One item in or out. Sorted by (written_at, id): providers cut times to whole seconds."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("account_id", "provider_id"),
        UniqueConstraint("interaction_id", "client_key"),
        Index("ix_messages_thread", "account_id", "contact_id", "written_at", "id"),
        Index("ix_messages_interaction", "interaction_id", "id"),
        Index("ix_messages_received", "received_at"),
        Index(
            "ix_messages_marks",
            "account_id",
            "target_provider_id",
            postgresql_where=text("target_provider_id IS NOT NULL"),
            sqlite_where=text("target_provider_id IS NOT NULL"),
        ),
        Index(
            "ix_messages_to_send",
            "account_id",
            "id",
            postgresql_where=text("status IN ('queued', 'sending')"),
            sqlite_where=text("status IN ('queued', 'sending')"),
        ),
        Index(
            "ix_messages_templates",
            "contact_id",
            "written_at",
            postgresql_where=text("template_id IS NOT NULL"),
            sqlite_where=text("template_id IS NOT NULL"),
        ),
        Index(
            "ix_messages_charged",
            "received_at",
            postgresql_where=CHARGED,
            sqlite_where=CHARGED,
        ),
        Index(
            "ix_messages_look_up",
            "look_up_at",
            postgresql_where=text("look_up_at IS NOT NULL"),
            sqlite_where=text("look_up_at IS NOT NULL"),
        ),
        Index(
            "ix_messages_troubled",
            "status_at",
            postgresql_where=text("status IN ('failed', 'unknown')"),
            sqlite_where=text("status IN ('failed', 'unknown')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    # Empty for what is kept without belonging to one customer's conversation: groups.
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    # Empty for what opens no interaction: history, standby, marks on closed conversations.
    interaction_id: Mapped[int | None] = mapped_column(ForeignKey("interactions.id"))
    direction: Mapped[str] = mapped_column(String(4))
    kind: Mapped[str] = mapped_column(String(20), default="text")
    source: Mapped[str] = mapped_column(String(10), default="live")
    text: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[dict | None] = mapped_column(JSON)
    template_id: Mapped[int | None] = mapped_column(BigId)
    campaign_id: Mapped[int | None] = mapped_column(BigId)  # that sent it
    status: Mapped[str] = mapped_column(Word(10))
    charged_as: Mapped[str | None] = mapped_column(Word(30))  # by the provider's own word
    provider_id: Mapped[str | None] = mapped_column(Text)
    reply_to: Mapped[str | None] = mapped_column(Text)  # provider id of the quoted message
    target_provider_id: Mapped[str | None] = mapped_column(Text)  # of the message a mark is for
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    client_key: Mapped[str | None] = mapped_column(String(64))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    processed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    status_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempt_count: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When to ask the provider what became of it, where it can be asked.
    look_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_code: Mapped[str | None] = mapped_column(String(20))
    error: Mapped[str | None] = mapped_column(Text)
    error_action: Mapped[str | None] = mapped_column(Text)
    error_permanent: Mapped[bool | None]
    # The message that sent this failed or doubtful one once more, at a person's wish.
    retried_as_id: Mapped[int | None] = mapped_column(BigId)
    payload_id: Mapped[int | None] = mapped_column(BigId)

    account = relationship("Account")
    contact = relationship("Contact")
    interaction = relationship("Interaction")
    author = relationship("User")
    media = relationship("Media", back_populates="message", uselist=False)


class Attempt(db.Model):
    """The intention to call the provider, committed before the call."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    number: Mapped[int]
    correlation_id: Mapped[str] = mapped_column(String(64), unique=True)
    provider_id: Mapped[str | None] = mapped_column(Text, index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # sending, sent, refused, unknown
    outcome: Mapped[str] = mapped_column(String(10), default="sending")
    # What was asked and answered, without credentials: [{method, url, body, status, answer}].
    exchanges: Mapped[list | None] = mapped_column(JSON)
    error_code: Mapped[str | None] = mapped_column(String(20))
    error: Mapped[str | None] = mapped_column(Text)


class Receipt(db.Model):
    """What the provider said of a message; kept also where the message is not known (yet)."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("account_id", "provider_id", "status", "recipient"),
        Index(
            "ix_receipts_unmatched",
            "account_id",
            "provider_id",
            postgresql_where=text("message_id IS NULL"),
            sqlite_where=text("message_id IS NULL"),
        ),
        Index(
            "ix_receipts_unmatched_by_age",
            "received_at",
            postgresql_where=text("message_id IS NULL"),
            sqlite_where=text("message_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    provider_id: Mapped[str] = mapped_column(Text)
    correlation_id: Mapped[str | None] = mapped_column(String(512), index=True)
    status: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    error: Mapped[dict | None] = mapped_column(JSON)
    detail: Mapped[dict | None] = mapped_column(JSON)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    payload_id: Mapped[int | None] = mapped_column(BigId)


class InteractionEvent(db.Model):
    """A line in the thread that is not a message: offered, assigned, passed on, closed."""

    __tablename__ = "interaction_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    interaction_id: Mapped[int] = mapped_column(ForeignKey("interactions.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queues.id"))
    data: Mapped[dict | None] = mapped_column(JSON)

    user = relationship("User")
    queue = relationship("Queue")


class Draft(db.Model):
    """What an agent has written but not sent, per conversation and mode (reply, note)."""

    __tablename__ = "drafts"

    interaction_id: Mapped[int] = mapped_column(
        ForeignKey("interactions.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    mode: Mapped[str] = mapped_column(String(5), primary_key=True, default="reply")
    text: Mapped[str] = mapped_column(Text, default="")
    reply_to: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
