"""The pretend phones: who they are, how they behave, what they posted and still owe."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.columns import BigId, UtcDateTime, utcnow
from webapp.extensions import db


class SandboxCustomer(db.Model):
    __tablename__ = "sandbox_customers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(20), unique=True)
    # read, delivered, sent, refused:<code>, twice, no_answer
    behaviour: Mapped[str] = mapped_column(String(30), default="read")
    bad_signature: Mapped[bool] = mapped_column(default=False)
    # "Start over" empties the phone, not the records: it shows what came after this message.
    cleared_message_id: Mapped[int] = mapped_column(BigId, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


ANSWER = "answer"  # no receipt's status: its owner writes back


class SandboxReceipt(db.Model):
    """A receipt the pretend phone will post when it is due, or what its owner answers."""

    __tablename__ = "sandbox_receipts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(Text)
    correlation_id: Mapped[str] = mapped_column(String(64), default="")
    recipient: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10))
    error_code: Mapped[str | None] = mapped_column(String(20))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SandboxEvent(db.Model):
    """A webhook the pretend phone has posted, and what Parley answered."""

    __tablename__ = "sandbox_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("sandbox_customers.id", ondelete="CASCADE"), index=True
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    well_signed: Mapped[bool]
    answer: Mapped[int]  # the HTTP status
    milliseconds: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
