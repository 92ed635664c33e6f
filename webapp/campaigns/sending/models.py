"""To whom a portfolio wrote first, as its daily limit counts them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.columns import UtcDateTime
from webapp.extensions import db


class PortfolioReach(db.Model):
    """When a portfolio last wrote first to a person; Meta counts people in a rolling 24 hours."""

    __tablename__ = "portfolio_reaches"
    __table_args__ = (
        Index("ix_portfolio_reaches_at", "portfolio", "at"),
        Index(
            "ix_portfolio_reaches_new",
            "portfolio",
            postgresql_where=text("NOT counted"),
            sqlite_where=text("counted = 0"),
        ),
    )

    portfolio: Mapped[str] = mapped_column(String(80), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Whether it is among its portfolio's `people`: whoever answers a person does not wait for that.
    counted: Mapped[bool] = mapped_column(default=False)


class PortfolioCount(db.Model):
    """How many of a portfolio's reaches are counted; locked by whoever adds a campaign's."""

    __tablename__ = "portfolio_counts"

    portfolio: Mapped[str] = mapped_column(String(80), primary_key=True)
    people: Mapped[int] = mapped_column(default=0)
    recounted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
