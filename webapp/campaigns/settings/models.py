"""What messages cost, as admins keep it."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import JSON, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.columns import BigId, UtcDateTime
from webapp.extensions import db


class MessageRate(db.Model):
    """What one delivered message costs, as an admin keeps it: the latest row by day counts."""

    __tablename__ = "message_rates"
    __table_args__ = (UniqueConstraint("provider", "region", "category", "valid_from"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    region: Mapped[str] = mapped_column(String(60))  # a country's code, or a name of several
    prefixes: Mapped[list] = mapped_column(JSON, default=list)  # calling codes; empty: all others
    category: Mapped[str] = mapped_column(String(16))
    price: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
