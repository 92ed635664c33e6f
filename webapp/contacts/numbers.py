"""A contact's numbers: which is the main one, which is no longer written to, whose one is."""

from sqlalchemy import select

from webapp import words
from webapp.columns import utcnow
from webapp.contacts import sparing
from webapp.contacts.models import Contact, ContactIdentity
from webapp.contacts.people import NUMBERS, match_key
from webapp.database import insert
from webapp.extensions import db
from webapp.providers.base import IdentityKind


def attach(contact, digits, main=False):
    """Give the contact this number; one it had before is in use again.

    ValueError names whoever has it: two people never share one, so no message can go astray.
    """
    identity = _made(contact, digits) or _own(contact, digits)
    if main or not contact.phone:
        make_main(contact, identity)
    db.session.flush()
    sparing.obey([identity.match_key])
    return identity


def make_main(contact, identity):
    """From now on the contact is written to, and shown, with this number."""
    if identity.kind not in NUMBERS:
        raise ValueError("Only a number can be the main one.")
    identity.retired_at = None
    contact.phone = identity.value


def retire(contact, identity):
    identity.retired_at = identity.retired_at or utcnow()
    if contact.phone == identity.value:
        contact.phone = next((other.value for other in _usable(contact, identity)), None)


def detach(contact, identity):
    """ValueError for the last one: nothing would tell who this is any more."""
    if not any(other.id != identity.id for other in _identities(contact)):
        raise ValueError("A contact keeps at least one number or user ID. Add another one first.")
    retire(contact, identity)
    db.session.delete(identity)


def owner_of(digits):
    """The contact with this number, however it is spelled, or None."""
    found = select(Contact).join(ContactIdentity, ContactIdentity.contact_id == Contact.id)
    key = match_key(IdentityKind.PHONE, digits)
    return db.session.scalar(found.where(ContactIdentity.match_key == key))


def _made(contact, digits):
    """None where the number is known already: unique over all, whoever is faster."""
    return db.session.scalar(
        insert(ContactIdentity)
        .on_conflict_do_nothing(index_elements=["match_key"])
        .returning(ContactIdentity),
        {
            "contact_id": contact.id,
            "scope": "",
            "kind": IdentityKind.PHONE,
            "value": digits,
            "match_key": match_key(IdentityKind.PHONE, digits),
        },
    )


def _own(contact, digits):
    key = match_key(IdentityKind.PHONE, digits)
    identity = db.session.scalar(select(ContactIdentity).where(ContactIdentity.match_key == key))
    number = words.phone(digits)
    if identity is None:
        raise ValueError(f"{number} was given up at this moment. Try again.")
    if identity.contact_id != contact.id:
        other = db.session.get(Contact, identity.contact_id)
        raise ValueError(f"{number} is the number of {other.display_name}.")
    if identity.retired_at is None:
        raise ValueError(f"{number} is one of this contact's numbers already.")
    identity.retired_at = None
    return identity


def _usable(contact, but):
    return [
        other
        for other in _identities(contact)
        if other.id != but.id and other.kind in NUMBERS and other.retired_at is None
    ]


def _identities(contact):
    rows = select(ContactIdentity).where(ContactIdentity.contact_id == contact.id)
    return db.session.scalars(rows.order_by(ContactIdentity.id)).all()
