"""WhatsApp's approved texts: as they stand at the provider, and as they are being written here."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, Word, utcnow
from webapp.extensions import db


def waba_of(account):
    """Whose templates an account uses; all sandbox numbers share theirs."""
    return account.waba_id or ""


def waba_is(column, waba_id):
    """waba_of() as an SQL condition."""
    return func.coalesce(column, "") == waba_id


class TemplateStatus(StrEnum):
    DRAFT = "draft"  # ours alone: the provider has not seen it
    SUBMITTING = "submitting"  # on its way to the provider, or nobody knows whether it arrived
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"
    IN_APPEAL = "in_appeal"
    LIMIT_EXCEEDED = "limit_exceeded"
    ARCHIVED = "archived"
    PENDING_DELETION = "pending_deletion"
    DELETED = "deleted"
    UNKNOWN = "unknown"  # a word we do not know: not sendable


class Category(StrEnum):
    MARKETING = "marketing"
    UTILITY = "utility"
    AUTHENTICATION = "authentication"


class Quality(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNKNOWN = "unknown"


class MessageTemplate(db.Model):
    """One language of one name in one WhatsApp business account (WABA).

    `components` is what the provider has, in Meta's form; `draft` what is written here and not
    submitted: {"category", "components", "words", "media", "ttl"}. News of one aspect that is
    older than that aspect's own `…_at` changes nothing, so order and repeats do not matter.
    """

    __tablename__ = "message_templates"
    __table_args__ = (
        Index(
            "uq_message_templates_name",
            "provider",
            "waba_id",
            "name",
            "language",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
        ),
        Index("ix_message_templates_provider_id", "provider_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # Numbers of one WABA share its templates; calls are made with this account's credentials.
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    provider: Mapped[str] = mapped_column(String(20))
    waba_id: Mapped[str] = mapped_column(String(64))
    provider_id: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(20))  # with an underscore: en_US
    category: Mapped[str] = mapped_column(Word(16), default=Category.UTILITY)
    status: Mapped[str] = mapped_column(Word(16), default=TemplateStatus.DRAFT)
    provider_status: Mapped[str | None] = mapped_column(String(40))  # the provider's own word
    reason: Mapped[str | None] = mapped_column(Text)  # why it is rejected, paused or disabled
    recommendation: Mapped[str | None] = mapped_column(Text)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quality: Mapped[str] = mapped_column(Word(8), default=Quality.UNKNOWN)
    coming_category: Mapped[str | None] = mapped_column(String(16))
    coming_category_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    previous_category: Mapped[str | None] = mapped_column(String(16))
    parameter_format: Mapped[str] = mapped_column(String(10), default="positional")  # or named
    components: Mapped[list] = mapped_column(JSON, default=list)
    draft: Mapped[dict | None] = mapped_column(JSON)
    # The sample file of a header: {key, mime_type, filename, size}; `key` in the media store.
    media: Mapped[dict | None] = mapped_column(JSON)
    recontact: Mapped[bool] = mapped_column(default=False)
    origin: Mapped[str] = mapped_column(String(10), default="parley")  # or provider
    edits: Mapped[list] = mapped_column(JSON, default=list)  # ISO times of edits while approved
    problem: Mapped[str | None] = mapped_column(Text)  # the provider's answer to the last submit
    status_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quality_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    category_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    components_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    synced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_count: Mapped[int] = mapped_column(BigId, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account = relationship("Account")

    @property
    def is_sendable(self):
        return self.status == TemplateStatus.APPROVED and self.deleted_at is None


class TemplateSync(db.Model):
    """When a WABA's templates were last asked for, and what went wrong."""

    __tablename__ = "template_syncs"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    waba_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    synced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_sync_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    problem: Mapped[str | None] = mapped_column(Text)
