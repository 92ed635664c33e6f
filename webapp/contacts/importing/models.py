"""Files on their way into the contacts."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, Word, utcnow
from webapp.extensions import db


class ImportState(StrEnum):
    UPLOADED = "uploaded"  # columns are being mapped
    CHECKING = "checking"  # the dry run
    CHECKED = "checked"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


AT_WORK = (ImportState.CHECKING, ImportState.RUNNING)


class ContactImport(db.Model):
    """One file on its way into the contacts; `row` is how far it came, so it goes on after a crash.

    A run that is `checking` or `running` with an old `beat_at` was cut off: clock hints it again.
    """

    __tablename__ = "contact_imports"
    __table_args__ = (
        Index(
            "ix_contact_imports_at_work",
            "beat_at",
            postgresql_where=text("state IN ('checking', 'running')"),
            sqlite_where=text("state IN ('checking', 'running')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    filename: Mapped[str] = mapped_column(String(255))
    storage_key: Mapped[str | None] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigId, default=0)
    # How the file is read: {format, encoding, delimiter, sheet, has_header}; and its header.
    reading: Mapped[dict] = mapped_column(JSON, default=dict)
    header: Mapped[list] = mapped_column(JSON, default=list)
    # Which column goes where, and the rules: {columns, country, day_first, same_by, on_same,
    # list_ids, tag_ids}.
    mapping: Mapped[dict] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(Word(10), default=ImportState.UPLOADED)
    row: Mapped[int] = mapped_column(BigId, default=0)
    row_count: Mapped[int | None] = mapped_column(BigId)
    # {created, updated, kept, doubled, rejected, …}; and of the dry run, with samples of problems.
    counts: Mapped[dict] = mapped_column(JSON, default=dict)
    dry_run: Mapped[dict | None] = mapped_column(JSON)
    rejects_key: Mapped[str | None] = mapped_column(String(255))
    problem: Mapped[str | None] = mapped_column(Text)
    stop_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    created_by = relationship("User")
