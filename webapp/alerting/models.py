"""Something admins should mend; open until what it says is no longer so."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, utcnow
from webapp.extensions import db


class Alert(db.Model):
    """At most one is open for each kind and subject; `seen_at` is when it was last found so."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_one_open",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80), default="")  # "account:5", "account:5:131026"
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    severity: Mapped[str] = mapped_column(String(10), default="warning")
    title: Mapped[str] = mapped_column(String(255))
    detail: Mapped[str] = mapped_column(Text, default="")
    action: Mapped[str] = mapped_column(Text, default="")
    began_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When admins were last written to about it: at its beginning, and once more at its end.
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mail_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account = relationship("Account")
