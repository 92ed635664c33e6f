"""Customers, the lists they are in, what we know of them, and the identities WhatsApp has."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, Word, utcnow
from webapp.extensions import db

Json = JSON().with_variant(JSONB(), "postgresql")

# Contacts that lists show: neither part of another one nor erased. Word for word the condition
# of the lists' indexes.
LISTED = text("merged_into_id IS NULL AND erased_at IS NULL")

# What a list sorts people by: the name they are shown with.
SORT_NAME = text("lower(coalesce(nullif(name, ''), nullif(profile_name, ''), phone, ''))")


class ContactList(db.Model):
    __tablename__ = "contact_lists"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    fields = relationship("CustomField", order_by="CustomField.position", viewonly=True)
    # Whose members see the list; without any, everybody does.
    queues = relationship("Queue", secondary="contact_list_queues", order_by="Queue.name")


class ContactListQueue(db.Model):
    __tablename__ = "contact_list_queues"

    contact_list_id: Mapped[int] = mapped_column(
        ForeignKey("contact_lists.id", ondelete="CASCADE"), primary_key=True
    )
    queue_id: Mapped[int] = mapped_column(
        ForeignKey("queues.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SavedFilter(db.Model):
    """Contacts described rather than listed: the conditions of a contact list's page, kept."""

    __tablename__ = "saved_filters"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    view: Mapped[str] = mapped_column(String(20), default="all")  # a name of `views`
    query: Mapped[str] = mapped_column(Text)  # search and filters, as the page's address has them
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Consent(StrEnum):
    """Whether marketing may be sent: nobody asked yet, agreed, or asked us to stop."""

    NONE = "none"
    IN = "in"
    OUT = "out"


class Contact(db.Model):
    __tablename__ = "contacts"
    __table_args__ = (
        Index("ix_contacts_by_name", SORT_NAME, "id", postgresql_where=LISTED, sqlite_where=LISTED),
        Index(
            "ix_contacts_by_age", "created_at", "id", postgresql_where=LISTED, sqlite_where=LISTED
        ),
        Index(
            "ix_contacts_opted_out",
            "id",
            postgresql_where=text("consent = 'out'"),
            sqlite_where=text("consent = 'out'"),
        ),
        Index(
            "ix_contacts_blocked",
            "id",
            postgresql_where=text("blocked_at IS NOT NULL"),
            sqlite_where=text("blocked_at IS NOT NULL"),
        ),
        Index(
            "ix_contacts_merged_into",
            "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
            sqlite_where=text("merged_into_id IS NOT NULL"),
        ),
        Index(
            "ix_contacts_email",
            "email",
            postgresql_where=text("email <> ''"),
            sqlite_where=text("email <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # What we call them: first and last name together, kept by `naming.call`.
    name: Mapped[str] = mapped_column(String(200), default="")
    first_name: Mapped[str] = mapped_column(String(100), default="", server_default="")
    last_name: Mapped[str] = mapped_column(String(100), default="", server_default="")
    company: Mapped[str] = mapped_column(String(200), default="", server_default="")
    email: Mapped[str] = mapped_column(String(255), default="", server_default="")
    language: Mapped[str | None] = mapped_column(String(20))
    time_zone: Mapped[str | None] = mapped_column(String(64))  # none: the number's
    # What the customer calls themselves on WhatsApp.
    profile_name: Mapped[str] = mapped_column(String(200), default="")
    username: Mapped[str | None] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(20))  # E.164 digits, no +
    # Values of custom fields, {field id as text: value}: text, number, true, ISO time. PostgreSQL
    # finds them by ix_contacts_fields_search, which migration 0004 makes, SQLite in contact_search.
    fields: Mapped[dict] = mapped_column(Json, default=dict, server_default="{}")
    source: Mapped[str] = mapped_column(String(12), default="whatsapp", server_default="whatsapp")
    # `consents` has the history and the proof; these two are what the gate reads.
    consent: Mapped[str] = mapped_column(Word(4), default=Consent.NONE, server_default="none")
    opted_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unreachable_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # not on WhatsApp
    last_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    identities = relationship(
        "ContactIdentity", cascade="all, delete-orphan", order_by="ContactIdentity.id"
    )
    lists = relationship(
        "ContactList", secondary="contact_list_members", order_by="ContactList.name"
    )
    tags = relationship("Tag", secondary="contact_tags", order_by="Tag.name")

    @property
    def display_name(self):
        return self.name or self.profile_name or self.display_phone or "Unknown customer"

    @property
    def display_phone(self):
        if self.phone:
            return f"+{self.phone}"
        return f"@{self.username}" if self.username else ""

    @property
    def is_listed(self):
        return self.merged_into_id is None and self.erased_at is None


class ContactListMember(db.Model):
    __tablename__ = "contact_list_members"

    contact_list_id: Mapped[int] = mapped_column(
        ForeignKey("contact_lists.id", ondelete="CASCADE"), primary_key=True
    )
    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    added_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=utcnow)


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
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # no longer written to


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    SELECT = "select"
    SWITCH = "switch"
    DATE_TIME = "date_time"
    URL = "url"


class CustomField(db.Model):
    """A field of our own: of every contact, or of those in one list."""

    __tablename__ = "custom_fields"
    __table_args__ = (
        Index(
            "uq_custom_fields_name",
            "name",
            text("coalesce(contact_list_id, 0)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_list_id: Mapped[int | None] = mapped_column(
        ForeignKey("contact_lists.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(Word(10), default=FieldKind.TEXT)
    choices: Mapped[list] = mapped_column(JSON, default=list)  # of a select, in order
    required: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    contact_list = relationship("ContactList")


class ContactTag(db.Model):
    __tablename__ = "contact_tags"
    __table_args__ = (Index("ix_contact_tags_tag", "tag_id", "contact_id"),)

    contact_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True
    )
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True)


class ConsentEntry(db.Model):
    """When, how and in which words a customer agreed to something, or asked us to stop."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_contact", "contact_id", "purpose", "at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(20), default="marketing")
    given: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # by the customer's clock
    # whatsapp (Meta's own switch), keyword, button, agent, import, form, api, kept (by sparing)
    how: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[int | None] = mapped_column(BigId)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor: Mapped[str] = mapped_column(String(120))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class ContactMerge(db.Model):
    """One contact became part of another, and what has to move back if that was wrong."""

    __tablename__ = "contact_merges"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # Ids that moved, by table; and the kept contact's columns as they were.
    moved: Mapped[dict] = mapped_column(JSON)
    before: Mapped[dict] = mapped_column(JSON)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class DuplicatePair(db.Model):
    """Two contacts that look like one person, until somebody decides."""

    __tablename__ = "duplicate_pairs"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        Index(
            "ix_duplicate_pairs_open",
            "found_at",
            "id",
            postgresql_where=text("settled_at IS NULL"),
            sqlite_where=text("settled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    second_id: Mapped[int] = mapped_column(
        ForeignKey("contacts.id", ondelete="CASCADE"), index=True
    )
    reason: Mapped[str] = mapped_column(String(20))  # message, email, name, field
    detail: Mapped[str] = mapped_column(Text, default="")
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class PersonRequest(db.Model):
    """Somebody asked for a copy of their data, or to be forgotten; a job carries it out.

    `place` is how far it came, so that it goes on after a crash. `traces` is what an erasure looks
    for, kept only until it is done: the contact's own row is empty from the first moment.
    """

    __tablename__ = "person_requests"
    __table_args__ = (
        Index(
            "ix_person_requests_at_work",
            "beat_at",
            postgresql_where=text("state IN ('waiting', 'running')"),
            sqlite_where=text("state IN ('waiting', 'running')"),
        ),
        Index("ix_person_requests_contact", "contact_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    kind: Mapped[str] = mapped_column(Word(8))  # export, erasure
    state: Mapped[str] = mapped_column(Word(8), default="waiting")  # running, done, failed
    reason: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor: Mapped[str] = mapped_column(String(120), default="")
    traces: Mapped[dict | None] = mapped_column(JSON)
    place: Mapped[dict] = mapped_column(JSON, default=dict)
    counts: Mapped[dict] = mapped_column(JSON, default=dict)
    storage_key: Mapped[str | None] = mapped_column(String(255))
    size: Mapped[int | None] = mapped_column(BigId)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(Text)
    attempt_count: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ErasedOptOut(db.Model):
    """An opt-out that outlives the person's data: `digest` is a keyed hash of one match key.

    `person` is random, and the same for all keys of one person.
    """

    __tablename__ = "erased_opt_outs"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(32), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # when they had asked
