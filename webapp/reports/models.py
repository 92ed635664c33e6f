"""Reports that are sent by mail again and again, and files that a job makes."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, utcnow
from webapp.extensions import db

UNFINISHED = text("finished_at IS NULL")


class Rhythm(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class ReportSchedule(db.Model):
    """A report sent to people at a time of day in a zone; it is about the days before."""

    __tablename__ = "report_schedules"
    __table_args__ = (Index("ix_report_schedules_next", "next_run_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report: Mapped[str] = mapped_column(String(40))
    choice: Mapped[dict] = mapped_column(JSON, default=dict)  # what narrows it: {queue: 5, …}
    format: Mapped[str] = mapped_column(String(4), default="xlsx")
    rhythm: Mapped[str] = mapped_column(String(8), default=Rhythm.WEEKLY)
    day: Mapped[int] = mapped_column(default=0)  # of the week from Monday, or of the month from 1
    clock: Mapped[str] = mapped_column(String(5), default="07:00")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    recipients: Mapped[list] = mapped_column(JSON, default=list)
    # With whose eyes it is made: nothing leaves once this person may see no reports.
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    next_run_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    owner = relationship("User")


class ReportFile(db.Model):
    """A report that a job makes: one too long to wait for, or one to be sent."""

    __tablename__ = "report_files"
    __table_args__ = (
        Index(
            "ix_report_files_unfinished",
            "id",
            postgresql_where=UNFINISHED,
            sqlite_where=UNFINISHED,
        ),
        Index("ix_report_files_owner", "owner_id", "id"),
        Index("ix_report_files_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    schedule_id: Mapped[int | None] = mapped_column(
        ForeignKey("report_schedules.id", ondelete="CASCADE")
    )
    report: Mapped[str] = mapped_column(String(40))
    choice: Mapped[dict] = mapped_column(JSON)  # the whole address, with the days
    format: Mapped[str] = mapped_column(String(4))
    done_rows: Mapped[int] = mapped_column(default=0)
    total_rows: Mapped[int | None]
    storage_key: Mapped[str | None] = mapped_column(String(80))
    size: Mapped[int | None] = mapped_column(BigId)
    # The queues its owner led when it was made: who leads fewer today may not have it any more.
    led: Mapped[list | None] = mapped_column(JSON)  # None: all
    error: Mapped[str | None] = mapped_column(Text)
    attempt_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a job was at it then
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mail_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    owner = relationship("User")
    schedule = relationship("ReportSchedule")
