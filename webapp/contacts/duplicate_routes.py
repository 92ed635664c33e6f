"""Contacts that look like one person, until somebody decides."""

from flask import flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.contacts import duplicates
from webapp.contacts.models import DuplicatePair
from webapp.contacts.routes import bp
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

__all__ = ["bp"]


@bp.get("/duplicates")
@access.needs(*access.LEADERS)
def duplicate_pairs():
    pairs, following = duplicates.page(request.args.get("before", type=int))
    return pages.render(
        "contacts/duplicates.html",
        pairs=pairs,
        following=following,
        reason_of=duplicates.reason_of,
    )


@bp.post("/duplicates/dismiss")
@access.needs(*access.LEADERS)
def dismiss_pairs():
    ids = [int(id) for id in request.form.getlist("pair") if id.isdecimal()][:500]
    with unit_of_work():
        me = db.session.get(User, current_user.id)
        pairs = [pair for id in ids if (pair := db.session.get(DuplicatePair, id))]
        for pair in pairs:
            duplicates.dismiss(pair, by=me)
        count = len(pairs)
    flash(f"{count} {'pair' if count == 1 else 'pairs'} will not be shown again.")
    contact_id = request.form.get("contact", type=int)  # said on the page of one of them
    if contact_id is not None:
        return pages.see_other(url_for(".contact", id=contact_id))
    return pages.see_other(url_for(".duplicate_pairs"))
