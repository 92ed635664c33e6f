"""Who of a file is here already: by number, and by what else makes two rows one person."""

import json

from sqlalchemy import ARRAY, String, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from webapp.contacts.models import LISTED, Contact, ContactIdentity
from webapp.database import is_postgresql
from webapp.extensions import db

PIECE = 500  # of SQLite's parameters


def contacts_of(rows):
    """{key: contact id} for the keys of these rows that somebody has."""
    numbers, emails, fields = [], [], {}
    for row in rows:
        for key in row.keys:
            kind, _, value = key.partition(":")
            if kind == "email":
                emails.append(value)
            elif kind == "field":
                id, _, value = value.partition(":")
                fields.setdefault(id, []).append(value)
            else:
                numbers.append(key)
    found = by_match_keys(numbers)
    found.update((f"email:{email}", id) for email, id in _by(Contact.email, emails))
    for field, values in fields.items():
        found.update(_by_field(field, values))
    return found


def by_match_keys(keys):
    return dict(_by(ContactIdentity.match_key, sorted(keys), ContactIdentity.contact_id))


def _by(column, values, id=Contact.id):
    """(value, id) pairs; where two have one value, the older."""
    found = select(column, id)
    if id is Contact.id:
        found = found.where(LISTED).order_by(id.desc())
    if not values:
        return
    if is_postgresql():
        wanted = bindparam("values", values, type_=ARRAY(String))
        yield from db.session.execute(found.where(column == any_(wanted))).all()
        return
    for start in range(0, len(values), PIECE):
        piece = values[start : start + PIECE]
        yield from db.session.execute(found.where(column.in_(piece))).all()


def _by_field(field, values):
    """Values are JSON: a text in quotes, or a number."""
    found = select(Contact.id, Contact.fields).where(LISTED).order_by(Contact.id.desc())
    for start in range(0, len(values), PIECE):
        for id, fields in db.session.execute(
            found.where(_holds(field, values[start : start + PIECE]))
        ):
            yield f"field:{field}:{json.dumps(fields[field])}", id


def _holds(field, values):
    if is_postgresql():
        return or_(*(Contact.fields.cast(JSONB).contains({field: json.loads(v)}) for v in values))
    held = func.json_extract(Contact.fields, f'$."{field}"')
    return held.in_([json.loads(value) for value in values])
