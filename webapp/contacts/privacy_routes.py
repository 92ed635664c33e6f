"""All data of one person for that person, and the end of it."""

from flask import abort, flash, request, send_file, url_for
from flask_login import current_user
from sqlalchemy import select

from webapp import media_store, pages
from webapp.columns import utcnow
from webapp.contacts import comparing, disclosing, erasing, merging
from webapp.contacts.models import Contact, PersonRequest
from webapp.contacts.routes import bp
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work

__all__ = ["bp"]


@bp.get("/<int:id>/export")
@access.needs(*access.LEADERS)
def exports(id):
    contact = _listed(id)
    requests = db.session.scalars(
        select(PersonRequest)
        .where(PersonRequest.contact_id == contact.id, PersonRequest.kind == "export")
        .order_by(PersonRequest.id.desc())
        .limit(10)
    ).all()
    return pages.render("contacts/export.html", contact=contact, requests=requests)


@bp.post("/<int:id>/export")
@access.needs(*access.LEADERS)
def export(id):
    contact_id = _listed(id).id
    with unit_of_work():
        disclosing.ask(db.session.get(Contact, contact_id), _me())
    flash("The file is being made.")
    return pages.see_other(url_for(".exports", id=contact_id))


@bp.get("/exports/<int:id>")
@access.needs(*access.LEADERS)
def export_file(id):
    found = db.get_or_404(PersonRequest, id)
    if not found.storage_key or not found.expires_at or found.expires_at <= utcnow():
        abort(404)
    try:
        content = media_store.open(found.storage_key)
    except media_store.NotThere:
        abort(404)
    response = send_file(
        content,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"contact-{found.contact_id}.zip",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/<int:id>/erase", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def erase(id):
    contact = merging.standing(db.get_or_404(Contact, id))
    if contact.erased_at is not None:
        return _progress(contact)
    typed, problem = request.form.get("name", ""), ""
    if request.method == "POST":
        if not erasing.is_confirmed(contact, typed):
            problem = f"Type the name as it is shown: {contact.display_name}"
        else:
            return _erase(contact.id)
    return pages.render(
        "contacts/erase.html",
        contact=contact,
        counts=comparing.counts(contact),
        typed=typed,
        reason=request.form.get("reason", ""),
        problem=problem,
        status=422 if problem else 200,
    )


def _erase(contact_id):
    try:
        with unit_of_work():
            reason = request.form.get("reason", "").strip()[:500]
            erasing.erase(db.session.get(Contact, contact_id), _me(), reason)
    except ValueError as refused:
        flash(str(refused), "error")
    return pages.see_other(url_for(".erase", id=contact_id))


def _progress(contact):
    found = db.session.scalar(
        select(PersonRequest)
        .where(PersonRequest.contact_id == contact.id, PersonRequest.kind == "erasure")
        .order_by(PersonRequest.id.desc())
        .limit(1)
    )
    return pages.render("contacts/erased.html", contact=contact, found=found)


def _listed(id):
    contact = merging.standing(db.get_or_404(Contact, id))
    if contact.erased_at is not None:
        abort(404)
    return contact


def _me():
    return db.session.get(User, current_user.id)
