"""Tries of a campaign's message, and its header's file at the provider."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.columns import BigId, UtcDateTime, utcnow
from webapp.extensions import db


class CampaignTest(db.Model):
    """A campaign's message sent to a number of our own, as one contact would get it."""

    __tablename__ = "campaign_tests"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), index=True
    )
    variant_id: Mapped[int | None] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(20))
    as_contact_id: Mapped[int | None] = mapped_column(BigId)
    message_id: Mapped[int | None] = mapped_column(BigId)
    problem: Mapped[str | None] = mapped_column(Text)  # why it could not even be written
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class HeaderUpload(db.Model):
    """A header's file as an account's provider holds it: uploaded once, renewed before it ends."""

    __tablename__ = "header_uploads"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    storage_key: Mapped[str] = mapped_column(String(255), primary_key=True)
    provider_media_id: Mapped[str] = mapped_column(Text)  # or our address, where it is fetched
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    renewing_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by somebody, if he lives
