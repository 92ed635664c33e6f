"""Which contacts a page is about: everybody, one list, or those nobody may write to."""

from dataclasses import dataclass, field

from sqlalchemy import and_, exists, func, literal_column, or_, select, true

from webapp.columns import id_of
from webapp.contacts.models import LISTED, Contact, ContactList, ContactListMember, CustomField
from webapp.extensions import db
from webapp.staff import access

ALL, OPTED_OUT, BLOCKED = "all", "opted-out", "blocked"
TITLES = {ALL: "All contacts", OPTED_OUT: "Opted out", BLOCKED: "Blocked"}


@dataclass(frozen=True)
class View:
    """`name` stands in URLs and forms: one of TITLES, or a list's id."""

    name: str
    contact_list: ContactList | None = None
    fields: list = field(default_factory=list)

    @property
    def title(self):
        return self.contact_list.name if self.contact_list else TITLES[self.name]


def view_of(user, name):
    """The view of this name, None where there is none that this person may see."""
    list_id = id_of(name)
    return named(name, list_of(user, list_id) if list_id is not None else None)


def named(name, contact_list):
    """The view of this name; `contact_list` where the name is a list's."""
    if contact_list is not None:
        return View(name, contact_list, _fields(contact_list.id))
    return View(name, fields=_fields(None)) if name in TITLES else None


def list_of(user, list_id):
    """One list, if this person may see it."""
    seen = select(ContactList).where(ContactList.id == list_id, access.visible_lists(user))
    return db.session.scalar(seen)


def lists_of(user):
    rows = select(ContactList).where(access.visible_lists(user))
    return db.session.scalars(rows.order_by(func.lower(ContactList.name), ContactList.id)).all()


def statement(user, view):
    """SELECT of the view's contacts that this person sees."""
    return select(Contact).where(condition(user, view))


def condition(user, view):
    if view.contact_list is not None:  # whoever sees a list sees everybody in it
        return everybody(view)
    return and_(access.visible_contacts(user), _kept_from(view.name))


def everybody(view):
    """The view's contacts, whoever may see them: for work that leaders have ordered."""
    if view.contact_list is not None:
        return and_(LISTED, in_list(view.contact_list.id))
    return and_(LISTED, _kept_from(view.name))


def in_list(list_id):
    return exists().where(
        ContactListMember.contact_list_id == list_id, ContactListMember.contact_id == Contact.id
    )


def _kept_from(name):
    # Word for word the conditions of the partial indexes.
    if name == OPTED_OUT:
        return literal_column("contacts.consent = 'out'")
    return Contact.blocked_at.is_not(None) if name == BLOCKED else true()


def _fields(list_id):
    """Fields of everybody, then the list's own, in the order forms show them."""
    rows = select(CustomField).where(
        CustomField.deleted_at.is_(None),
        or_(CustomField.contact_list_id.is_(None), CustomField.contact_list_id == list_id),
    )
    return db.session.scalars(
        rows.order_by(
            CustomField.contact_list_id.is_not(None), CustomField.position, CustomField.id
        )
    ).all()
