"""Raw webhooks, kept before anything else is done with them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.columns import BigId, UtcDateTime, utcnow
from webapp.extensions import db

UNPROCESSED = text("processed_at IS NULL")


class WebhookPayload(db.Model):
    """One verified webhook, byte for byte.

    `processed_at` empty means work to do; `next_attempt_at` in the future, that it waits after an
    error. `error` stays for admins where some of its events could not be applied.
    """

    __tablename__ = "webhook_payloads"
    __table_args__ = (
        Index(
            "ix_webhook_payloads_waiting",
            "account_id",
            "only_receipts",
            "id",
            postgresql_where=UNPROCESSED,
            sqlite_where=UNPROCESSED,
        ),
        Index(
            "ix_webhook_payloads_failed",
            "id",
            postgresql_where=text("error IS NOT NULL"),
            sqlite_where=text("error IS NOT NULL"),
        ),
        Index(
            "ix_webhook_payloads_account_failed",
            "account_id",
            "id",
            postgresql_where=text("error IS NOT NULL"),
            sqlite_where=text("error IS NOT NULL"),
        ),
        Index("ix_webhook_payloads_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    # Whose format it is: the account may move. Empty: kept before this column was there.
    provider: Mapped[str | None] = mapped_column(String(20))
    method: Mapped[str] = mapped_column(String(8), default="POST", server_default="POST")
    query: Mapped[str] = mapped_column(Text, default="", server_default="")
    content_type: Mapped[str] = mapped_column(String(120), default="", server_default="")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    # They need no order, so customers' messages that came later go before them.
    only_receipts: Mapped[bool] = mapped_column(default=False, server_default=false())
    received_at: Mapped[datetime] = mapped_column(
        UtcDateTime, default=utcnow, server_default=text("CURRENT_TIMESTAMP")
    )
    processed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempt_count: Mapped[int] = mapped_column(default=0, server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Places (event numbers) already applied, when a batch was split because one of them failed.
    error: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(String(200))


class AccountNotice(db.Model):
    """What a provider said about a number or template that a person should know."""

    __tablename__ = "account_notices"
    __table_args__ = (Index("ix_account_notices_account", "account_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    # One notice per event, however often the provider repeats it.
    event_key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(60))
    severity: Mapped[str] = mapped_column(String(10), default="info")
    title: Mapped[str] = mapped_column(String(255))
    detail: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    payload_id: Mapped[int | None] = mapped_column(BigId)


class SystemMark(db.Model):
    """Small facts about this installation: the clock's mark, whether sending is held."""

    __tablename__ = "system_marks"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
