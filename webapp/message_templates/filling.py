"""Guesses a template's values from the contact, and says where each one came from."""

import re
from dataclasses import dataclass

from sqlalchemy import select

from webapp import words
from webapp.contacts import field_values
from webapp.contacts.models import CustomField
from webapp.extensions import db
from webapp.message_templates import parts

GREETING = re.compile(
    r"(?:hello|hi|hey|dear|good (?:morning|afternoon|evening)|hola|buen[oa]s \w+|estimad[oa]|"
    r"ol[áa]|prezad[oa]|bom dia|boa (?:tarde|noite)|bonjour|bonsoir|cher|ch[èe]re|salut|"
    r"hallo|guten (?:tag|morgen|abend)|liebe[r]?|ciao|buongiorno|salve|gentile|hej|hoi|beste|"
    r"witaj|cześć|merhaba|namaste|marhaba)\W{0,3}$",
    re.IGNORECASE,
)
# What a variable may be called → which of a contact's own values it means.
NAMES = {
    "first_name": ("first_name", "firstname", "given_name", "vorname", "prenom", "nome", "nombre"),
    "name": ("name", "full_name", "fullname", "customer_name", "customer", "contact_name"),
    "last_name": ("last_name", "lastname", "surname", "family_name", "nachname"),
    "company": ("company", "company_name", "organization", "organisation", "firma", "empresa"),
    "email": ("email", "e_mail", "mail", "email_address"),
    "phone": ("phone", "phone_number", "telephone", "mobile", "number"),
    "agent": ("agent", "agent_name", "my_name", "sender", "sender_name", "employee"),
}
MEANINGS = {name: meaning for meaning, names in NAMES.items() for name in names}
SOURCES = {
    "first_name": "first name",
    "name": "name",
    "last_name": "last name",
    "company": "company",
    "email": "email",
    "phone": "number",
    "agent": "your name",
}


@dataclass(frozen=True, slots=True)
class Value:
    """`source` says where it came from, empty where a person has to say it; `sure` whether it
    needs no second look."""

    text: str = ""
    source: str = ""
    sure: bool = False


def filled(template, contact, by=None):
    """{(where, key): Value} for every variable; an example is never sent as a value."""
    return Filler(by).filled(template, contact)


def to_check(values):
    """How many of the values a person should look at."""
    return sum(not value.sure for value in values.values())


class Filler:
    """Fills one template after another; custom fields are read once."""

    def __init__(self, by=None):
        self._by = by
        self._fields = None

    def filled(self, template, contact):
        text = parts.body_text(template.components)
        return {
            (variable.where, variable.key): self._value(variable, text, contact)
            for variable in parts.variables(template.components)
        }

    def _value(self, variable, text, contact):
        if contact is None and not self._by:
            return Value()
        if variable.where == "button":
            return Value()
        if variable.key.isdecimal():
            return self._greeted(variable, text, contact)
        known = self._own(variable.key.lower(), contact)
        return known or self._custom(variable.key.lower(), contact) or Value()

    def _greeted(self, variable, text, contact):
        """A number says nothing of itself; behind a greeting stands a name."""
        before = re.split(r"\{\{\s*" + variable.key + r"\s*\}\}", text)[0]
        if variable.where == "body" and GREETING.search(before.rstrip("* _")):
            return self._own("first_name", contact) or Value()
        return Value()

    def _own(self, key, contact):
        meaning = MEANINGS.get(key)
        if meaning == "agent":
            return Value(self._by.name, SOURCES["agent"], True) if self._by else None
        if meaning is None or contact is None:
            return None
        text, sure = getattr(self, f"_{meaning}", _column(meaning))(contact)
        return Value(text, SOURCES[meaning], sure) if text else None

    def _first_name(self, contact):
        if contact.first_name:
            return contact.first_name, True
        return words.first_name(contact.name or contact.profile_name or ""), False

    def _name(self, contact):
        return contact.name or contact.profile_name or "", bool(contact.name)

    def _phone(self, contact):
        return (f"+{contact.phone}", True) if contact.phone else ("", False)

    def _custom(self, key, contact):
        if contact is None or not contact.fields:
            return None
        for field in self._fields_named(key):
            shown = field_values.shown(field, contact.fields.get(str(field.id)))
            if shown:
                return Value(shown, field.name, True)
        return None

    def _fields_named(self, key):
        if self._fields is None:
            living = select(CustomField).where(CustomField.deleted_at.is_(None))
            # A field of every contact before one of a list.
            self._fields = list(
                db.session.scalars(
                    living.order_by(CustomField.contact_list_id.is_not(None), CustomField.id)
                )
            )
        return [field for field in self._fields if variable_name(field.name) == key]


def variable_name(text):
    """What a field is called as a template's variable: "Order no." is order_no."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _column(name):
    return lambda contact: (getattr(contact, name) or "", True)
