"""Finds contacts by name, number, company, email or a field's value, with the database's index."""

import json
import re

from sqlalchemy import (
    Boolean,
    String,
    and_,
    column,
    false,
    literal,
    literal_column,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from webapp.contacts.models import LISTED, Contact, ContactIdentity, CustomField, FieldKind
from webapp.contacts.people import match_key
from webapp.database import is_postgresql
from webapp.extensions import db
from webapp.providers.base import IdentityKind

LONGEST = 100
MOST_WORDS = 6
MOST_EXACT = 200
TRIGRAM = 3  # letters; what is shorter the indexes know only at the beginning of a word
SHORTEST_NUMBER = 7  # digits that may be a whole number rather than a part of one

# The expression of migration 0006; PostgreSQL uses its index only for these very words.
SEARCHED = literal_column(
    "(' ' || contacts.name || ' ' || contacts.profile_name"
    " || ' ' || coalesce(contacts.username, '') || ' ' || coalesce(contacts.phone, '')"
    " || ' ' || contacts.company || ' ' || contacts.email)",
    String,
)
TEXT_COLUMNS = "{name profile_name username phone company email}"


def matching(query):
    """The condition for contacts that these words stand for; the words may be a number."""
    query = query.strip()[:LONGEST]
    number = digits_of(query)
    words = [number] if number else query.split()[:MOST_WORDS]
    if not words:
        return false()
    found = _by_text([word.removeprefix("@") or word for word in words])
    exact = _exactly(query, number)
    return or_(found, Contact.id.in_(exact)) if exact else found


def holding(field, value):
    """The condition for contacts whose custom field has this very value."""
    if is_postgresql():
        return Contact.fields.cast(JSONB).contains({str(field.id): value})
    at = literal_column(f"json_extract(contacts.fields, '$.\"{int(field.id)}\"')")
    same = at == value
    written = _in_json(value)
    if len(written) < TRIGRAM:
        return same
    return and_(Contact.id.in_(_rowids(f"fields : {_quoted(written)}")), same)


def digits_of(query):
    """The digits of a number in any spelling, without what only dials it; "" for other words."""
    plain = re.sub(r"^00|^\+|\(0\)|[\s()./+–-]", "", query)
    if not plain.isdigit() or not plain.isascii():
        return ""
    return plain.removeprefix("0") or plain


def _by_text(words):
    if is_postgresql():
        return and_(*(_like(word) for word in words))
    long = [word for word in words if len(word) >= TRIGRAM]
    short = [_like(word) for word in words if len(word) < TRIGRAM]
    if not long:
        return and_(*short)
    wanted = " ".join(_quoted(word) for word in long)
    return and_(Contact.id.in_(_rowids(f"{TEXT_COLUMNS} : ({wanted})")), *short)


def _like(word):
    plain = re.sub(r"([\\%_])", r"\\\1", word)
    pattern = f"%{plain}%" if len(word) >= TRIGRAM else f"% {plain}%"
    # In the statement itself: a plan made for any word at all would be a bad one for most.
    return SEARCHED.ilike(literal(pattern, String, literal_execute=True), escape="\\")


def _exactly(query, number):
    """Ids of contacts with this very value in a field, or this number beside their first one.

    Asked first: as part of the one condition they would keep the database from its indexes.
    """
    ways = []
    if len(number) >= SHORTEST_NUMBER:
        key = match_key(IdentityKind.PHONE, number)
        ways.append(select(ContactIdentity.contact_id).where(ContactIdentity.match_key == key))
    held = [
        holding(field, value) for field in _searched_fields() for value in _values(field, query)
    ]
    if held:
        ways.append(select(Contact.id).where(LISTED, or_(*held)).limit(MOST_EXACT))
    if not ways:
        return []
    found = union_all(*(select(way.subquery()) for way in ways))
    return sorted(set(db.session.scalars(found)))


def _searched_fields():
    kinds = [FieldKind.TEXT, FieldKind.SELECT, FieldKind.NUMBER, FieldKind.URL]
    fields = select(CustomField).where(
        CustomField.deleted_at.is_(None), CustomField.kind.in_(kinds)
    )
    return db.session.scalars(fields.order_by(CustomField.id).limit(100)).all()


def _values(field, query):
    if field.kind != FieldKind.NUMBER:
        return [query]
    try:
        number = float(query)
    except ValueError:
        return []
    if not -1e15 < number < 1e15:
        return []
    return [int(number) if number.is_integer() else number]


def _rowids(wanted):
    table = text("contact_search")
    matches = literal_column("contact_search", Boolean).op("MATCH")(wanted)
    return select(column("rowid")).select_from(table).where(matches)


def _quoted(word):
    return '"' + word.replace('"', '""') + '"'


def _in_json(value):
    """As SQLite's column has it: JSON as Python writes it, text without its quotes."""
    written = json.dumps(value)
    return written[1:-1] if isinstance(value, str) else written
