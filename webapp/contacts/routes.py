"""The contact list: search, filters, what is done to many at once."""

from flask import Blueprint, request
from flask_login import current_user

from webapp import pages
from webapp.contacts import listing
from webapp.staff import access

bp = Blueprint("contacts", __name__, url_prefix="/contacts")


@bp.get("")
@access.needs()
def index():
    search = request.args.get("q", "").strip()
    contacts = listing.first(current_user, search)
    return pages.render(
        "contacts/contacts.html", "contacts/_contacts.html", contacts=contacts, search=search
    )
