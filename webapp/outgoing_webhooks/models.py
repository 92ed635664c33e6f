"""Where we post what happens here, and every single delivery."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, EncryptedJSON, UtcDateTime, utcnow
from webapp.extensions import db

TO_DELIVER = text("next_attempt_at IS NOT NULL")


class OutgoingWebhook(db.Model):
    """An address of somebody else's, and the secret we sign with."""

    __tablename__ = "outgoing_webhooks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(EncryptedJSON)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class WebhookDelivery(db.Model):
    """One event for one address, until it is taken or given up; `next_attempt_at` is work to do."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index(
            "ix_webhook_deliveries_due",
            "next_attempt_at",
            postgresql_where=TO_DELIVER,
            sqlite_where=TO_DELIVER,
        ),
        Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),
        Index("ix_webhook_deliveries_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("outgoing_webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(String(40))  # the same when it is sent once more
    kind: Mapped[str] = mapped_column(String(40))  # "alarm.fired", "test"
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    attempt_count: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=utcnow)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[int | None]  # of the last answer
    error: Mapped[str | None] = mapped_column(Text)

    webhook = relationship("OutgoingWebhook")
