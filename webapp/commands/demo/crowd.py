"""The demo's crowd: people to send campaigns to, in a list each for service and for news."""

import itertools

from webapp.contacts.models import (
    Consent,
    Contact,
    ContactIdentity,
    ContactList,
    ContactListMember,
)
from webapp.contacts.people import match_key
from webapp.extensions import db
from webapp.providers import sandbox_crowd as crowd
from webapp.providers.base import IdentityKind

PEOPLE = 640
ORDERS = "Open orders, November"
NEWS = "Newsletter, November"
FIRST = (
    "Hanna", "Pedro", "Grace", "Ivo", "Amina", "Jonas", "Leila", "Mateo", "Nadia", "Oskar",
    "Priya", "Rafael", "Selin", "Tariq", "Ulla", "Vera", "Wanda", "Xavier", "Yara", "Zoltan",
)  # fmt: skip
LAST = (
    "Virtanen", "Salgado", "Nwosu", "Marić", "Haddad", "Berg", "Karimi", "Ortega", "Popova",
    "Lindqvist", "Raman", "Costa", "Aydin", "Mahmoud", "Johansson", "Novak", "Kowalska", "Dubois",
    "Mansour", "Horvath", "Okafor", "Sato", "Murphy", "Silva", "Fischer", "Moreau", "Rossi",
    "Jensen", "Petrov", "Nguyen", "Mbeki", "Larsen",
)  # fmt: skip


def gather():
    """{list's name: ids of its people}; some have opted out, as some always have."""
    lists = {name: _list(name) for name in (ORDERS, NEWS)}
    people = [_person(place, *names) for place, names in enumerate(_names())]
    db.session.add_all(people)
    db.session.flush()
    ids = [one.id for one in people]
    members = {ORDERS: ids[:560], NEWS: ids[180:]}
    db.session.add_all(
        ContactListMember(contact_list_id=lists[name].id, contact_id=id)
        for name, some in members.items()
        for id in some
    )
    return {lists[name].id: some for name, some in members.items()}


def _names():
    """Every first name with every family name, mixed."""
    pairs = itertools.product(LAST, FIRST)
    return itertools.islice(((first, last) for last, first in pairs), PEOPLE)


def _list(name):
    row = ContactList(name=name, description="The demo's crowd")
    db.session.add(row)
    db.session.flush()
    return row


def _person(place, first, last):
    phone = crowd.number(place)
    return Contact(
        name=f"{first} {last}",
        first_name=first,
        last_name=last,
        phone=phone,
        source="import",
        consent=Consent.OUT if place % 29 == 7 else Consent.IN,
        identities=[
            ContactIdentity(
                kind=IdentityKind.WA_ID,
                value=phone,
                match_key=match_key(IdentityKind.WA_ID, phone),
            )
        ],
    )
