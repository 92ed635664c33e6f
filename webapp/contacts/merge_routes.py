"""Two contacts side by side, made one, and two again."""

from flask import abort, flash, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy import or_, select

from webapp import pages, words
from webapp.contacts import comparing, field_values, merging, search, unmerging
from webapp.contacts.models import Contact, ContactIdentity, ContactMerge
from webapp.contacts.people import NUMBERS
from webapp.contacts.routes import bp
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

__all__ = ["bp"]

FOUND = 20


@bp.get("/<int:id>/merge")
@access.needs()
def compare(id):
    kept = _seen(id)
    other_id = request.args.get("with", type=int)
    if other_id is None:
        return _choose(kept)
    return _compare(kept, _seen(other_id))


@bp.post("/<int:id>/merge")
@access.needs()
def merge(id):
    kept, other = _seen(id), _seen(request.form.get("with", 0, type=int))
    try:
        with unit_of_work():
            done = merging.merge(kept, other, _choices(), _me())
            merge_id = done.id
    except ValueError as refused:
        db.session.rollback()
        return _compare(_seen(kept.id), other, str(refused), 422)
    flash(Markup(render_template("contacts/_merged.html", merge_id=merge_id)))
    return pages.see_other(url_for(".contact", id=id))


@bp.post("/merges/<int:id>/undo")
@access.needs()
def undo_merge(id):
    merge = db.get_or_404(ContactMerge, id)
    kept_id = _seen(merge.kept_id).id
    try:
        with unit_of_work():
            notes = unmerging.undo(db.session.get(ContactMerge, id), _me())
    except unmerging.Stays as refused:
        flash(str(refused), "error")
        return pages.see_other(url_for(".compare", id=kept_id))
    flash(" ".join(["The contacts are two again.", *notes]))
    return pages.see_other(url_for(".contact", id=kept_id))


def _choose(kept):
    """Whom to merge with, and the merges of before."""
    term = request.args.get("q", "").strip()
    merges = db.session.execute(
        select(ContactMerge, Contact)
        .join(Contact, Contact.id == ContactMerge.merged_id)
        .where(ContactMerge.kept_id == kept.id, ContactMerge.undone_at.is_(None))
        .order_by(ContactMerge.id.desc())
    )
    return pages.render(
        "contacts/merge_with.html",
        kept=kept,
        term=term,
        found=_found(kept, term) if term else [],
        merges=[(merge, other, unmerging.why_not(merge)) for merge, other in merges],
    )


def _found(kept, term):
    rows = select(Contact).where(
        access.visible_contacts(current_user), Contact.id != kept.id, search.matching(term)
    )
    return db.session.scalars(rows.order_by(Contact.id.desc()).limit(FOUND)).all()


def _compare(kept, other, refusal="", status=200):
    if kept.id == other.id:
        return pages.see_other(url_for(".compare", id=kept.id))
    lines = comparing.lines(kept, other)
    return pages.render(
        "contacts/merge.html",
        kept=kept,
        other=other,
        lines=lines,
        shown=_shown,
        picked=_choices(),
        refusal=refusal,
        numbers=_numbers(kept, other),
        counts={one.id: comparing.counts(one) for one in (kept, other)},
        closing=comparing.doubled_open(kept, other),
        strict=comparing.strictest(kept, other),
        status=status,
    )


def _shown(line, value):
    if line.field is not None:
        return field_values.shown(line.field, value)
    return words.phone(value) if line.key == "phone" and value else value or ""


def _numbers(*contacts):
    rows = db.session.execute(
        select(ContactIdentity.contact_id, ContactIdentity.kind, ContactIdentity.value)
        .where(or_(*(ContactIdentity.contact_id == one.id for one in contacts)))
        .order_by(ContactIdentity.id)
    )
    found = {one.id: [] for one in contacts}
    for contact_id, kind, value in rows:
        shown = words.phone(value) if kind in NUMBERS else value
        if shown not in found[contact_id]:
            found[contact_id].append(shown)
    return found


def _choices():
    """{"email": "other", …} of the form; anything else is left out."""
    return {
        key.removeprefix("choose-"): value
        for key, value in request.form.items()
        if key.startswith("choose-") and value in (comparing.KEPT, comparing.OTHER)
    }


def _seen(id):
    contact = merging.standing(db.session.get(Contact, id))
    if contact is None or not access.may_see_contact(current_user, contact):
        abort(404)
    return contact


def _me():
    return db.session.get(User, current_user.id)
