"""What a person decided about a file: which column goes where, and who is the same person."""

import hashlib
from dataclasses import dataclass

import orjson
from sqlalchemy import select

from webapp.contacts.importing import guessing
from webapp.contacts.models import ContactList, CustomField, FieldKind
from webapp.extensions import db

SKIP, KEEP, UPDATE = "skip", "keep", "update"
MATCHABLE = (FieldKind.TEXT, FieldKind.NUMBER)


@dataclass(frozen=True)
class Field:
    """A custom field as a run needs it, whatever becomes of its row meanwhile."""

    id: int
    name: str
    kind: str
    choices: tuple
    required: bool
    list_name: str


def fields():
    """Custom fields of everybody and of every list, in the order forms show them."""
    found = (
        select(CustomField, ContactList.name)
        .outerjoin(ContactList, ContactList.id == CustomField.contact_list_id)
        .where(CustomField.deleted_at.is_(None))
        .order_by(
            CustomField.contact_list_id.is_not(None),
            CustomField.contact_list_id,
            CustomField.position,
            CustomField.id,
        )
    )
    return [
        Field(one.id, one.name, one.kind, tuple(one.choices), one.required, list_name or "")
        for one, list_name in db.session.execute(found)
    ]


def targets():
    """(value, label) of everything a column may go to."""
    own = [
        (f"field:{one.id}", f"{one.name} ({one.list_name})" if one.list_name else one.name)
        for one in fields()
    ]
    return [(guessing.LEAVE_OUT, "Do not import"), *guessing.TARGETS.items(), *own]


def guessed(header, rows):
    return {
        "columns": guessing.columns(header, rows, fields()),
        "country": None,
        "day_first": True,
        "same_by": ["phone"],
        "on_same": KEEP,
        "list_ids": [],
        "tag_ids": [],
    }


def problem(mapping):
    """What has to be decided before a run, as a sentence; None if nothing is missing."""
    columns = [target for target in mapping["columns"] if target]
    if len(columns) != len(set(columns)):
        return "Two columns go to the same field. Choose one of them."
    if "full_name" in columns and {"first_name", "last_name"} & set(columns):
        return "The name comes from two places: choose the full name, or first and last name."
    if not set(mapping["same_by"]) & set(columns):
        return "Choose the column that holds the WhatsApp number."
    return None


def fingerprint(entry):
    """What a dry run was made of; another one is needed once it differs."""
    said = [entry.mapping, entry.reading.get("has_header"), entry.reading.get("sheet")]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
