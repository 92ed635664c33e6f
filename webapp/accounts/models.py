"""A WhatsApp number at one provider, who may work it, and the steps its conversations take."""

import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, EncryptedJSON, UtcDateTime, utcnow
from webapp.extensions import db


class SessionAnchor(StrEnum):
    """From which customer message an inbound session's 24 hours count."""

    FIRST = "first"
    LAST = "last"


class Account(db.Model):
    __tablename__ = "accounts"
    __table_args__ = (
        Index("uq_accounts_former_webhook_token", "former_webhook_token", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(5), unique=True)
    provider: Mapped[str] = mapped_column(String(20))
    phone: Mapped[str] = mapped_column(String(20), unique=True)
    phone_number_id: Mapped[str | None] = mapped_column(String(64), index=True)
    waba_id: Mapped[str | None] = mapped_column(String(64))
    app_id: Mapped[str | None] = mapped_column(String(64))
    credentials: Mapped[dict] = mapped_column(EncryptedJSON, default=dict)
    webhook_token: Mapped[str] = mapped_column(
        String(64), unique=True, default=lambda: secrets.token_urlsafe(24)
    )
    # While the provider is given the new address, and until dropped, the former one is taken too.
    former_webhook_token: Mapped[str | None] = mapped_column(String(64))
    webhook_token_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # replaced then
    former_token_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Where the number was before it moved: its late receipts still come from there.
    former_provider: Mapped[str | None] = mapped_column(String(20))
    former_credentials: Mapped[dict | None] = mapped_column(EncryptedJSON)
    moved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    description: Mapped[str] = mapped_column(Text, default="")
    contact_list_id: Mapped[int | None] = mapped_column(ForeignKey("contact_lists.id"))
    # The name of the template that re-opens a conversation; its language follows the contact.
    recontact_template: Mapped[str | None] = mapped_column(String(512))
    session_anchor: Mapped[str] = mapped_column(String(10), default=SessionAnchor.FIRST)
    # Whether whoever wraps up a conversation has to say how it ended.
    needs_disposition: Mapped[bool] = mapped_column(default=False, server_default=false())
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    contact_list = relationship("ContactList")
    steps = relationship(
        "RoutingStep", order_by="RoutingStep.position", cascade="all, delete-orphan"
    )
    agents = relationship("User", secondary="account_agents", order_by="User.name")

    @property
    def portfolio(self):
        """The scope of business-scoped user ids; numbers of one WABA always share it."""
        return self.waba_id or f"account:{self.id}"

    @property
    def webhook_path(self):
        return f"/webhooks/{self.provider}/{self.webhook_token}"


class AccountAgent(db.Model):
    """Narrows who serves the account; without rows the members of its queues do."""

    __tablename__ = "account_agents"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )


class AccountDrain(db.Model):
    """The row a drain of this account's webhooks locks; it dies with its process."""

    __tablename__ = "account_drains"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    last_event_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(Text)


class AccountHealth(db.Model):
    """How an account stands with its provider, as last checked and as sending found it."""

    __tablename__ = "account_health"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    well: Mapped[bool | None]
    lines: Mapped[list | None] = mapped_column(JSON)  # of the last check
    facts: Mapped[dict | None] = mapped_column(JSON)  # quality, messaging_limit, token_expires_at …
    last_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Webhooks whose signature was wrong.
    rejected_count: Mapped[int] = mapped_column(default=0, server_default="0")
    rejected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rejected_recent: Mapped[int] = mapped_column(default=0, server_default="0")  # of this series
    # Credentials refused: nothing leaves until a check finds them mended.
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stop_reason: Mapped[str | None] = mapped_column(Text)
    # Until when the provider was asked for what customers wrote, and when it is asked again.
    looked_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_look_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RoutingStep(db.Model):
    """One step of an account's flow; a new account has one, its queue."""

    __tablename__ = "routing_steps"
    __table_args__ = (UniqueConstraint("account_id", "position"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20), default="queue")
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queues.id"), index=True)
    interval_id: Mapped[int | None] = mapped_column(ForeignKey("intervals.id"), index=True)
    # Seconds that somebody waits in this queue before the next step is taken; None: to the end.
    timeout: Mapped[int | None]

    queue = relationship("Queue")
    interval = relationship("Interval")
