"""Rules on figures, and what became of each time one was broken."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, utcnow
from webapp.extensions import db

ROOM = "alarms"  # which leaders' pages watch
NOT_ENDED = text("ended_at IS NULL")


class Scope(StrEnum):
    """Whose figure it is: everything's, each queue's (or one's), each account's (or one's)."""

    ALL = "all"
    QUEUE = "queue"
    ACCOUNT = "account"


class Comparison(StrEnum):
    ABOVE = "above"
    BELOW = "below"


class AlarmRule(db.Model):
    """A figure that should not stay above or below a bound for so many minutes.

    Without a bound the queue's own target counts, for figures that have one.
    """

    __tablename__ = "alarm_rules"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    figure: Mapped[str] = mapped_column(String(40))
    scope: Mapped[str] = mapped_column(String(10), default=Scope.ALL)
    queue_id: Mapped[int | None] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    comparison: Mapped[str] = mapped_column(String(5), default=Comparison.ABOVE)
    bound: Mapped[float | None]
    minutes: Mapped[int] = mapped_column(default=5)
    critical: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    # Beside the board, which shows every alarm.
    notifies: Mapped[bool] = mapped_column(default=True)  # in the browsers of leaders
    mails: Mapped[bool] = mapped_column(default=False)
    mail_to: Mapped[list] = mapped_column(JSON, default=list)  # empty: the admins
    webhook_id: Mapped[int | None] = mapped_column(
        ForeignKey("outgoing_webhooks.id", ondelete="SET NULL")
    )
    # While these hours are open nobody is told; what lasts beyond them is told then.
    quiet_id: Mapped[int | None] = mapped_column(ForeignKey("intervals.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    # Nobody sees it any more; it goes for good once it is told that its alarms are over.
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    queue = relationship("Queue")
    account = relationship("Account")
    webhook = relationship("OutgoingWebhook")
    quiet = relationship("Interval")


KEPT = AlarmRule.deleted_at.is_(None)


class Alarm(db.Model):
    """One time a rule was broken; it fires once that has lasted long enough, else it is dropped."""

    __tablename__ = "alarms"
    __table_args__ = (
        Index(
            "uq_alarms_one_open",
            "rule_id",
            "subject",
            unique=True,
            postgresql_where=NOT_ENDED,
            sqlite_where=NOT_ENDED,
        ),
        Index("ix_alarms_ended", "ended_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("alarm_rules.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(40), default="")  # "", "queue:5", "account:2"
    name: Mapped[str] = mapped_column(String(160), default="")  # of that queue or account
    bound: Mapped[float]
    value: Mapped[float]  # the latest
    worst: Mapped[float]
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)  # last found so
    fired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # empty within quiet hours
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When it was last written about by mail: at its beginning, and once more at its end.
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mail_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    rule = relationship("AlarmRule")
    acknowledged_by = relationship("User")
