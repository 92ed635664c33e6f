"""Where a variable's value comes from: for one contact, and as what SQL finds to be empty."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, cast, func, literal_column, or_, true

from webapp.columns import id_of
from webapp.contacts import field_values
from webapp.contacts.models import Contact, CustomField
from webapp.database import is_postgresql
from webapp.extensions import db

CONTACT_FIELDS = {
    "first_name": "First name",
    "name": "Name",
    "last_name": "Last name",
    "company": "Company",
    "email": "Email",
    "phone": "WhatsApp number",
    "language": "Language",
}
# What a row has to have, so that values can be read from it.
COLUMNS = (
    Contact.id, Contact.name, Contact.profile_name, Contact.first_name, Contact.last_name,
    Contact.company, Contact.email, Contact.phone, Contact.language, Contact.fields,
)  # fmt: skip
_BLANK = " \t\r\n\x0b\x0c\xa0"


@dataclass(frozen=True, slots=True)
class Source:
    """`kind` is contact, field or text; `fallback` stands in for an empty value."""

    kind: str
    key: str = ""
    text: str = ""
    fallback: str = ""
    field: Any = None  # the CustomField

    def value(self, contact):
        """For a row with COLUMNS; "" where there is none, and no fallback."""
        return self._own(contact).strip() or self.fallback

    def is_missing(self):
        """The condition for contacts that have no value; None where everybody has one."""
        if self.fallback or self.text.strip():
            return None
        match self.kind:
            case "contact":
                return _is_blank(_column(self.key))
            case "field" if self.field is not None:
                return _is_blank(stored(self.field))
        return true()

    def _own(self, contact):
        match self.kind:
            case "text":
                return self.text
            case "field" if self.field is not None:
                return field_values.shown(self.field, contact.fields.get(str(self.field.id)))
            case "contact":
                return _of_contact(contact, self.key)
        return ""


def sources_of(variant):
    """{(where, key): Source} of what a variant's mapping says; fields are read once."""
    wanted = [_id(one) for one in variant.mapping.values() if one.get("from") == "field"]
    fields = living_fields([id for id in wanted if id is not None]) if wanted else {}
    return {
        tuple(place.split(" ", 1)): _source(one, fields) for place, one in variant.mapping.items()
    }


def living_fields(ids):
    """{id: CustomField} of those that are not deleted."""
    rows = db.session.query(CustomField).filter(
        CustomField.id.in_(ids), CustomField.deleted_at.is_(None)
    )
    return {field.id: field for field in rows}


def stored(field):
    """A custom field's value as text, NULL where there is none."""
    if is_postgresql():
        return literal_column(f"(contacts.fields ->> '{int(field.id)}')", String)
    return cast(literal_column(f"json_extract(contacts.fields, '$.\"{int(field.id)}\"')"), String)


def _source(given, fields):
    kind = given.get("from", "text")
    return Source(
        kind=kind,
        key=str(given.get("key") or ""),
        text=(given.get("text") or "") if kind == "text" else "",
        fallback=(given.get("fallback") or "").strip(),
        field=fields.get(_id(given)) if kind == "field" else None,
    )


def _id(given):
    return id_of(str(given.get("key") or ""))


def _of_contact(contact, key):
    match key:
        case "name":
            return contact.name or contact.profile_name or ""
        case "phone":
            return f"+{contact.phone}" if contact.phone else ""
    return (getattr(contact, key) or "") if key in CONTACT_FIELDS else ""


def _column(key):
    if key == "name":
        return func.coalesce(func.nullif(Contact.name, ""), Contact.profile_name)
    return getattr(Contact, key) if key in CONTACT_FIELDS else None


def _is_blank(column):
    if column is None:
        return true()
    return or_(column.is_(None), func.trim(column, _BLANK) == "")
