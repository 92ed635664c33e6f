"""Customers, the lists they are in, and the identities WhatsApp knows them by."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, utcnow
from webapp.extensions import db


class ContactList(db.Model):
    __tablename__ = "contact_lists"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class Contact(db.Model):
    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    # What the customer calls themselves on WhatsApp; `name` is what we call them.
    profile_name: Mapped[str] = mapped_column(String(200), default="")
    username: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(20))  # E.164 digits, no +
    opted_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    identities = relationship("ContactIdentity", cascade="all, delete-orphan")
    lists = relationship("ContactList", secondary="contact_list_members")

    @property
    def display_name(self):
        return self.name or self.profile_name or self.display_phone or "Unknown customer"

    @property
    def display_phone(self):
        if self.phone:
            return f"+{self.phone}"
        return f"@{self.username}" if self.username else ""


class ContactListMember(db.Model):
    __tablename__ = "contact_list_members"

    contact_list_id: Mapped[int] = mapped_column(
        ForeignKey("contact_lists.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ContactIdentity(db.Model):
    """One way WhatsApp names a customer.

    `match_key` folds the variants of a number that WhatsApp itself confuses; it is unique over
    `wa_id` and `phone` together, so two drains, or a drain and an import, cannot make one
    person twice. `value` stays as it was given.
    """

    __tablename__ = "contact_identities"
    __table_args__ = (UniqueConstraint("match_key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), index=True
    )
    scope: Mapped[str] = mapped_column(String(80), default="")
    kind: Mapped[str] = mapped_column(String(12))
    value: Mapped[str] = mapped_column(String(200))
    match_key: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
