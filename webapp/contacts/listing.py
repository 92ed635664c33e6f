"""What the contact list shows."""

from sqlalchemy import select

from webapp.contacts.models import LISTED, SORT_NAME, Contact
from webapp.extensions import db
from webapp.staff import access

PAGE = 50


def first(user, search=""):
    """The first page of those this person sees, by name."""
    found = select(Contact).where(LISTED).order_by(SORT_NAME, Contact.id).limit(PAGE)
    if not access.leads(user):
        return []
    if search:
        found = found.where(Contact.name.icontains(search, autoescape=True))
    return db.session.scalars(found).all()
