"""Saves a contact's form: what others changed meanwhile stays, unless it is the same field."""

from dataclasses import dataclass

from sqlalchemy import select

from webapp.contacts import editing, field_values, plain_values
from webapp.contacts.models import Contact, CustomField
from webapp.database import lock
from webapp.extensions import db
from webapp.staff.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Clash:
    """Somebody else changed what this person was changing too."""

    name: str
    label: str
    value: str  # theirs
    who: str
    at: object


class Overtaken(Exception):
    """Nothing was saved: what is typed and what somebody else saved meanwhile differ."""

    def __init__(self, clashes):
        super().__init__("Somebody else changed the same fields.")
        self.clashes = clashes


def save(contact_id, typed, seen, by):
    """Only what this person changed is written; raises Overtaken, editing.Invalid.

    `seen` is what the page showed before anybody typed; None counts everything as typed.
    """
    row = select(Contact).where(Contact.id == contact_id)
    contact = db.session.scalar(lock(row).execution_options(populate_existing=True))
    now = editing.snapshot(contact)
    seen = now if seen is None else seen
    mine = {name: value for name, value in typed.items() if not _same(value, seen.get(name))}
    clashes = [
        name
        for name, value in mine.items()
        if not _same(now.get(name), seen.get(name)) and not _same(now.get(name), value)
    ]
    if clashes:
        raise Overtaken(_clashes(contact, clashes, now))
    return editing.change(contact, _values(mine), by)


def _same(one, other):
    return _plain(one) == _plain(other)


def _plain(value):
    """Nothing stored, an empty text and a switch never touched are all nothing."""
    return None if value is None or value == "" or value is False else value


def _values(mine):
    fields = {
        name.partition(":")[2]: value for name, value in mine.items() if name.startswith("field:")
    }
    facts = {name: value for name, value in mine.items() if not name.startswith("field:")}
    return {**facts, "fields": fields} if fields else facts


def _clashes(contact, names, now):
    entries = db.session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject == "contacts",
            AuditEntry.subject_id == contact.id,
            AuditEntry.action == "changed",
        )
        .order_by(AuditEntry.id.desc())
        .limit(50)
    ).all()
    return [_clash(name, now.get(name), entries, contact) for name in names]


def _clash(name, value, entries, contact):
    entry = next((entry for entry in entries if name in (entry.after or {})), None)
    label, shown = _words(name, value)
    who = entry.actor if entry else "Somebody"
    return Clash(name, label, shown, who, entry.at if entry else contact.updated_at)


def _words(name, value):
    if not name.startswith("field:"):
        return plain_values.LABELS[name], value or "nothing"
    field = db.session.get(CustomField, int(name.partition(":")[2]))
    return field.name, field_values.shown(field, value) or "nothing"
