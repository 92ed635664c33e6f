"""What the whole installation shares: its settings, tags, outcomes, and times of opening."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, utcnow
from webapp.extensions import db


class Setting(db.Model):
    """A named value that admins change at run time: the plan, opt-out words, …"""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Tag(db.Model):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    color: Mapped[str] = mapped_column(String(10), default="grey")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class Disposition(db.Model):
    """How a conversation may end: a label of the first, second or third level.

    What is offered where, says the first level alone: everywhere, for one account, for one queue,
    or for the contacts of one list. Labels are archived, never deleted: conversations that were
    closed with one name it.
    """

    __tablename__ = "dispositions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(Text, default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("dispositions.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"))
    contact_list_id: Mapped[int | None] = mapped_column(ForeignKey("contact_lists.id"))
    position: Mapped[int] = mapped_column(default=0)  # among those beside it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account = relationship("Account")
    queue = relationship("Queue")
    contact_list = relationship("ContactList")

    @property
    def place(self):
        """The one account, queue or list it is offered for; None: everywhere."""
        return self.account or self.queue or self.contact_list


class Interval(db.Model):
    """Named times, such as the working time: open while a span matches and no holiday does."""

    __tablename__ = "intervals"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    spans = relationship(
        "IntervalSpan", order_by="IntervalSpan.position", cascade="all, delete-orphan"
    )
    holidays = relationship(
        "IntervalHoliday", order_by="IntervalHoliday.day", cascade="all, delete-orphan"
    )


class IntervalSpan(db.Model):
    """A sub-interval. Empty lists of days or months mean every one; the end is exclusive."""

    __tablename__ = "interval_spans"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    interval_id: Mapped[int] = mapped_column(
        ForeignKey("intervals.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(120), default="")
    always: Mapped[bool] = mapped_column(default=False)
    starts: Mapped[str] = mapped_column(String(5), default="00:00")
    ends: Mapped[str] = mapped_column(String(5), default="24:00")  # before starts: past midnight
    week_days: Mapped[list] = mapped_column(JSON, default=list)  # 0 is Monday
    month_days: Mapped[list] = mapped_column(JSON, default=list)
    months: Mapped[list] = mapped_column(JSON, default=list)


class IntervalHoliday(db.Model):
    """A day on which the interval is closed, once or every year."""

    __tablename__ = "interval_holidays"
    __table_args__ = (UniqueConstraint("interval_id", "day"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    interval_id: Mapped[int] = mapped_column(ForeignKey("intervals.id", ondelete="CASCADE"))
    day: Mapped[date]
    name: Mapped[str] = mapped_column(String(120), default="")
    yearly: Mapped[bool] = mapped_column(default=False)
