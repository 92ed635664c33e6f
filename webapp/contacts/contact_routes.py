"""The page of one contact: its fields, journey, numbers, consent, lists and tags."""

from flask import abort, flash, render_template, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.contacts import (
    consenting,
    contact_forms,
    editing,
    journey,
    phones,
    plain_values,
    saving,
    showing,
    telling,
)
from webapp.contacts.change_words import change_words
from webapp.contacts.models import Contact, ContactIdentity, ContactListMember, CustomField
from webapp.contacts.routes import bp
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

__all__ = ["bp"]

bp.add_app_template_global(change_words)

PURPOSES = ("marketing", "surveys")


@bp.route("/new", methods=["GET", "POST"])
@access.needs()
def new():
    lists = showing.all_lists(current_user)
    list_ids = _posted_ids("list_ids") or [
        id for id in [request.args.get("list", type=int)] if id in {one.id for one in lists}
    ]
    fields = editing.fields_where(CustomField.contact_list_id.in_(list_ids))
    form = contact_forms.new_form(fields, lists, data={"list_ids": list_ids})
    if request.method == "GET":
        form.phone.data = request.args.get("phone", "")
        return pages.render("contacts/new.html", form=form)
    if not form.validate():
        return pages.render("contacts/new.html", form=form, status=422)
    given = {"phone": form.digits, "fields": form.values, "list_ids": form.list_ids.data}
    try:
        with unit_of_work():
            contact_id = editing.create(form.facts | given, _me()).id
    except editing.Invalid as refused:
        form.show(refused.errors)
        return pages.render("contacts/new.html", form=form, status=422)
    flash("Contact added.")
    return pages.see_other(url_for(".contact", id=contact_id))


@bp.route("/<int:id>", methods=["GET", "POST"])
@access.needs()
def contact(id):
    found = db.get_or_404(Contact, id)
    if found.merged_into_id:
        return pages.see_other(url_for(".contact", id=found.merged_into_id))
    found = _seen(id)
    form = contact_forms.form_for(found, editing.fields_of(found))
    if request.method == "GET":
        return _page(found, form)
    if not form.validate():
        return _page(found, form, status=422)
    try:
        with unit_of_work():
            saving.save(id, form.typed(), form.shown_before(), _me())
    except saving.Overtaken as overtaken:
        found = _seen(id)
        form.seen.data = contact_forms.seen_of(found)
        return _page(found, form, clashes=overtaken.clashes, status=422)
    except editing.Invalid as refused:
        form.show(refused.errors)
        return _page(_seen(id), form, status=422)
    flash("Changes saved.")
    return pages.see_other(url_for(".contact", id=id))


@bp.get("/<int:id>/aside")
@access.needs()
def aside(id):
    return _aside(_seen(id))


@bp.get("/<int:id>/journey")
@access.needs()
def journey_page(id):
    found = _seen(id)
    told = journey.of(
        found, current_user, request.args.get("show", ""), request.args.get("after", "")
    )
    part = "contacts/_steps.html" if request.args.get("after") else "contacts/_journey.html"
    return render_template(part, contact=found, journey=told)


@bp.post("/<int:id>/tags")
@access.needs()
def set_tags(id):
    _seen(id)
    wanted = set(_posted_ids("tag"))
    with unit_of_work():
        found = db.session.get(Contact, id)
        held = {tag.id for tag in showing.tags_of(found)}
        editing.add_tags(found, sorted(wanted - held), _me())
        editing.remove_tags(found, sorted(held - wanted), _me())
    return _done(id)


@bp.post("/<int:id>/lists")
@access.needs()
def set_lists(id):
    _seen(id)
    mine = {one.id for one in showing.all_lists(current_user)}
    wanted = set(_posted_ids("list")) & mine
    with unit_of_work():
        found = db.session.get(Contact, id)
        rows = db.select(ContactListMember.contact_list_id).filter_by(contact_id=id)
        held = set(db.session.scalars(rows)) & mine  # lists they may not see stay as they are
        editing.join_lists(found, sorted(wanted - held), _me())
        editing.leave_lists(found, sorted(held - wanted), _me())
    return _done(id)


@bp.post("/<int:id>/numbers")
@access.needs()
def add_number(id):
    _seen(id)
    try:
        digits = phones.normalise(request.form.get("number", ""))
        with unit_of_work():
            editing.add_number(
                db.session.get(Contact, id), digits, _me(), main="main" in request.form
            )
    except ValueError as refused:
        return _refused(id, str(refused))
    return _done(id)


@bp.post("/<int:id>/numbers/<int:identity_id>/<any(main, retire, remove):what>")
@access.needs()
def change_number(id, identity_id, what):
    _seen(id)
    verbs = {
        "main": editing.make_main,
        "retire": editing.retire_number,
        "remove": editing.remove_number,
    }
    try:
        with unit_of_work():
            identity = db.session.get(ContactIdentity, identity_id)
            if identity is None or identity.contact_id != id:
                abort(404)
            verbs[what](db.session.get(Contact, id), identity, _me())
    except ValueError as refused:
        return _refused(id, str(refused))
    return _done(id)


@bp.post("/<int:id>/consent")
@access.needs()
def consent(id):
    """Somebody told an agent; the words say how, and are the proof."""
    _seen(id)
    purpose = request.form.get("purpose", "marketing")
    words = request.form.get("words", "").strip()[:2000]
    if purpose not in PURPOSES:
        abort(400)
    if not words:
        return _refused(id, "Write how they said it: it is the proof.")
    given = request.form.get("given") == "yes"
    with unit_of_work():
        found = db.session.get(Contact, id)
        consenting.record(found, given, "agent", words=words, by=_me(), purpose=purpose)
        telling.changed(found)
    return _done(id)


@bp.post("/<int:id>/<any(block, unblock):what>")
@access.needs()
def blocking(id, what):
    _seen(id)
    verb = {"block": editing.block, "unblock": editing.unblock}[what]
    with unit_of_work():
        verb(db.session.get(Contact, id), _me(), request.form.get("words", "").strip()[:2000])
    return _done(id)


def _seen(id):
    """The contact, if this person may see it; for anybody else there is none."""
    found = db.get_or_404(Contact, id)
    if not access.may_see_contact(current_user, found):
        abort(404)
    return found


def _page(found, form, clashes=(), status=200):
    return pages.render(
        "contacts/contact.html",
        contact=found,
        form=form,
        clashes=clashes,
        zone=plain_values.zone_of(found),
        zones=plain_values.zone_names(),
        journey=journey.of(found, current_user, request.args.get("show", "")),
        duplicates=showing.duplicates(found, current_user),
        all_tags=showing.all_tags(),
        all_lists=showing.all_lists(current_user),
        open_interaction=showing.open_interaction(found, current_user),
        last_change=showing.last_change(found),
        **_facts(found),
        status=status,
    )


def _facts(found):
    return {"aside": showing.aside(found, current_user), "tags": showing.tags_of(found)}


def _aside(found):
    return render_template("contacts/_aside.html", contact=found, alone=True, **_facts(found))


def _done(id):
    if pages.is_partial():
        db.session.rollback()
        return _aside(_seen(id))
    return pages.see_other(url_for(".contact", id=id))


def _refused(id, sentence):
    if not pages.is_partial():
        flash(sentence, "error")
        return pages.see_other(url_for(".contact", id=id))
    answer = render_template("contacts/_refused.html", sentence=sentence)
    where = request.headers.get("HX-Trigger", "")
    target = f"#{where}-problem" if where.isascii() and where else "#aside-problem"
    return answer, 422, {"HX-Retarget": target, "HX-Reswap": "innerHTML"}


def _posted_ids(name):
    return [int(id) for id in request.form.getlist(name) if id.isascii() and id.isdecimal()]


def _me():
    return db.session.get(User, current_user.id)
