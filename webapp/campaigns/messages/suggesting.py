"""Guesses where a variable's value comes from, by its name, the greeting before it, and fields."""

import re

from sqlalchemy import select

from webapp.campaigns.messages.sources import CONTACT_FIELDS
from webapp.contacts.models import CustomField
from webapp.extensions import db
from webapp.message_templates import filling, parts


def fields():
    """Custom fields of every contact, then those of one list, as they are offered."""
    rows = select(CustomField).where(CustomField.deleted_at.is_(None))
    return db.session.scalars(
        rows.order_by(
            CustomField.contact_list_id.is_not(None), CustomField.position, CustomField.id
        )
    ).all()


def mapping(group, known, custom=None):
    """`known` with a guess for every variable of this template that has none."""
    custom = fields() if custom is None else custom
    body = parts.body_text(group.shown.components)
    found = {}
    for one in parts.variables(group.shown.components):
        place = f"{one.where} {one.key}"
        found[place] = known.get(place) or _guess(one, body, custom)
    return found


def _guess(variable, body, custom):
    key = filling.variable_name(variable.key)
    meaning = filling.MEANINGS.get(key)
    if meaning in CONTACT_FIELDS:
        return _taken("contact", meaning)
    if variable.where == "body" and _greets(variable, body):
        return _taken("contact", "first_name")
    named = next((one for one in custom if filling.variable_name(one.name) == key), None)
    if named is not None:
        return _taken("field", str(named.id))
    return {"from": "text", "key": "", "text": "", "fallback": None}


def _greets(variable, body):
    """Behind a greeting stands a name."""
    before = re.split(r"\{\{\s*" + re.escape(variable.key) + r"\s*\}\}", body)[0]
    return variable.key.isdecimal() and filling.GREETING.search(before.rstrip("* _"))


def _taken(kind, key):
    return {"from": kind, "key": key, "text": "", "fallback": None}
