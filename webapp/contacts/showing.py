"""What the page of one contact tells beside its form."""

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select

from webapp.contacts import consenting
from webapp.contacts.models import (
    ConsentEntry,
    Contact,
    ContactIdentity,
    ContactList,
    ContactListMember,
    ContactTag,
    DuplicatePair,
)
from webapp.extensions import db
from webapp.inbox.models import Direction, Interaction, Message
from webapp.message_templates.models import MessageTemplate
from webapp.settings.models import Tag
from webapp.staff import access
from webapp.staff.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Aside:
    identities: list
    lists: list
    consents: dict  # purpose → the entry that counts
    first_wrote_at: object
    last_marketing_at: object


def aside(contact, user):
    return Aside(
        identities=_identities(contact),
        lists=lists_of(contact, user),
        consents=_consents(contact),
        first_wrote_at=_first_wrote_at(contact),
        last_marketing_at=_last_marketing_at(contact),
    )


def tags_of(contact):
    rows = select(Tag).join(ContactTag, ContactTag.tag_id == Tag.id)
    mine = rows.where(ContactTag.contact_id == contact.id)
    return db.session.scalars(mine.order_by(func.lower(Tag.name))).all()


def all_tags():
    return db.session.scalars(select(Tag).order_by(func.lower(Tag.name))).all()


def lists_of(contact, user):
    """Those of its lists that this person may see."""
    rows = select(ContactList).join(
        ContactListMember, ContactListMember.contact_list_id == ContactList.id
    )
    mine = rows.where(ContactListMember.contact_id == contact.id, access.visible_lists(user))
    return db.session.scalars(mine.order_by(func.lower(ContactList.name))).all()


def all_lists(user):
    rows = select(ContactList).where(access.visible_lists(user))
    return db.session.scalars(rows.order_by(func.lower(ContactList.name))).all()


def duplicates(contact, user):
    """(pair, the other one) for each open question whether two are one person."""
    rows = (
        select(DuplicatePair, Contact)
        .join(
            Contact,
            or_(
                and_(DuplicatePair.first_id == contact.id, Contact.id == DuplicatePair.second_id),
                and_(DuplicatePair.second_id == contact.id, Contact.id == DuplicatePair.first_id),
            ),
        )
        .where(DuplicatePair.settled_at.is_(None), access.visible_contacts(user))
        .order_by(DuplicatePair.id)
        .limit(3)
    )
    return db.session.execute(rows).all()


def open_interaction(contact, user):
    """The newest conversation with them that this person may open and that goes on."""
    rows = select(Interaction).where(
        Interaction.contact_id == contact.id,
        Interaction.state != "closed",
        access.visible_interactions(user),
    )
    return db.session.scalar(rows.order_by(Interaction.id.desc()).limit(1))


def last_change(contact):
    """(when, who) of the last change; who is empty where no person made it."""
    rows = select(AuditEntry).where(
        AuditEntry.subject == "contacts", AuditEntry.subject_id == contact.id
    )
    entry = db.session.scalar(rows.order_by(AuditEntry.id.desc()).limit(1))
    if entry is not None and (contact.updated_at is None or entry.at >= contact.updated_at):
        return entry.at, entry.actor
    return contact.updated_at, ""


def _identities(contact):
    """The main number first, then those in use, then those kept for their history."""
    rows = select(ContactIdentity).where(ContactIdentity.contact_id == contact.id)
    found = db.session.scalars(rows.order_by(ContactIdentity.id)).all()
    return sorted(
        found, key=lambda one: (one.value != contact.phone, one.retired_at is not None, one.id)
    )


def _consents(contact):
    entries = db.session.scalars(
        select(ConsentEntry).where(ConsentEntry.contact_id == contact.id)
    ).all()
    purposes = {entry.purpose for entry in entries}
    return {
        purpose: consenting.latest([entry for entry in entries if entry.purpose == purpose])
        for purpose in purposes
    }


def _first_wrote_at(contact):
    return db.session.scalar(
        select(func.min(Interaction.started_at)).where(
            Interaction.contact_id == contact.id, Interaction.direction == "in"
        )
    )


def _last_marketing_at(contact):
    accounts = select(Interaction.account_id).where(Interaction.contact_id == contact.id)
    return db.session.scalar(
        select(func.max(Message.written_at))
        .join(MessageTemplate, MessageTemplate.id == Message.template_id)
        .where(
            Message.contact_id == contact.id,
            Message.account_id.in_(accounts),
            Message.direction == Direction.OUT,
            MessageTemplate.category == "marketing",
        )
    )
