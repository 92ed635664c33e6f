"""The contacts of a batch, as rows: all that the gate, the wording and the address need."""

from collections import defaultdict

from sqlalchemy import select

from webapp.campaigns.messages import sources
from webapp.contacts.models import Contact, ContactIdentity
from webapp.database import among
from webapp.extensions import db

CONTACT = {column.key: column for column in sources.COLUMNS} | {
    column.key: column
    for column in (
        Contact.username,
        Contact.consent,
        Contact.opted_out_at,
        Contact.blocked_at,
        Contact.erased_at,
        Contact.merged_into_id,
    )
}
IDENTITIES = (
    ContactIdentity.contact_id,
    ContactIdentity.id,
    ContactIdentity.scope,
    ContactIdentity.kind,
    ContactIdentity.value,
    ContactIdentity.match_key,
    ContactIdentity.retired_at,
)


class Person:
    """Reads like a Contact, at the price of a row."""

    __slots__ = (*CONTACT, "identities")
    display_name = Contact.display_name
    display_phone = Contact.display_phone

    def __init__(self, row, identities):
        for name, value in zip(CONTACT, row, strict=True):
            setattr(self, name, value)
        self.identities = identities


def people(ids):
    """{contact id: Person}, in two queries."""
    known = defaultdict(list)
    chosen = among(ContactIdentity.contact_id, ids)
    for one in db.session.execute(select(*IDENTITIES).where(chosen)):
        known[one.contact_id].append(one)
    rows = db.session.execute(select(*CONTACT.values()).where(among(Contact.id, ids)))
    return {row.id: Person(row, known[row.id]) for row in rows}
