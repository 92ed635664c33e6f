"""Settings of lists, custom fields and tags."""

from flask import abort, flash, request, url_for
from flask_login import current_user
from sqlalchemy import func, select

from webapp import pages
from webapp.contacts import arranging
from webapp.contacts.contact_forms import KIND_WORDS
from webapp.contacts.models import ContactList, CustomField
from webapp.contacts.routes import bp
from webapp.extensions import db
from webapp.queues.models import Queue
from webapp.settings.models import Tag
from webapp.staff import access
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

__all__ = ["bp"]

SHOWS = ("available", "deleted", "all")


@bp.get("/lists")
@access.needs()
def lists():
    return pages.see_other(url_for(".index"))


@bp.route("/lists/new", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
def new_list():
    if request.method == "GET":
        return _list_page(None)
    return _save_list(None)


@bp.route("/lists/<int:id>", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
def list_settings(id):
    found = db.get_or_404(ContactList, id)
    return _list_page(found) if request.method == "GET" else _save_list(found)


@bp.post("/lists/<int:id>/delete")
@access.needs(*access.LEADERS)
def delete_list(id):
    back = url_for(".list_settings", id=id)
    return _do(
        lambda: arranging.delete_list(db.get_or_404(ContactList, id), _me()),
        "List deleted. Its contacts stay.",
        url_for(".index"),
        back,
    )


@bp.get("/fields")
@access.needs(*access.LEADERS)
def fields():
    return pages.render("contacts/fields.html", **_fields(None))


@bp.post("/fields/save")
@access.needs(*access.LEADERS)
def save_field():
    """A new field, or with `id` a changed one; of everybody, or with `list` of one list."""
    list_id = request.form.get("list", type=int)
    id = request.form.get("id", type=int)
    kind = request.form.get("kind", "text")
    if kind not in KIND_WORDS or (list_id and not db.session.get(ContactList, list_id)):
        abort(400)
    values = {
        "name": request.form.get("name", ""),
        "kind": kind,
        "required": "required" in request.form,
        "choices": _lines(request.form.get("choices", "")),
        "contact_list_id": list_id,
    }

    def save():
        field = db.get_or_404(CustomField, id) if id else None
        arranging.save_field(field, values, _me())

    return _do(save, "Field saved.", _fields_url(list_id))


@bp.post("/fields/<int:id>/<any(delete, restore, up, down):what>")
@access.needs(*access.LEADERS)
def change_field(id, what):
    list_id = db.get_or_404(CustomField, id).contact_list_id

    def change():
        field = db.session.get(CustomField, id)
        if what == "delete":
            arranging.delete_field(field, _me())
        elif what == "restore":
            arranging.restore_field(field, _me())
        elif field.deleted_at is None:
            arranging.move_field(field, -1 if what == "up" else 1, _me())

    said = {"delete": "Field deleted. It can be restored.", "restore": "Field restored."}
    return _do(change, said.get(what, ""), _fields_url(list_id))


@bp.get("/tags")
@access.needs(*access.LEADERS)
def tags():
    rows = arranging.tags_with_counts()
    return pages.render("contacts/tags.html", rows=rows, colors=arranging.COLORS)


@bp.post("/tags/save")
@access.needs(*access.LEADERS)
def save_tag():
    id = request.form.get("id", type=int)

    def save():
        tag = db.get_or_404(Tag, id) if id else None
        arranging.save_tag(
            tag, request.form.get("name", ""), request.form.get("color", "grey"), _me()
        )

    return _do(save, "Tag saved.", url_for(".tags"))


@bp.post("/tags/<int:id>/delete")
@access.needs(*access.LEADERS)
def delete_tag(id):
    return _do(
        lambda: arranging.delete_tag(db.get_or_404(Tag, id), _me()),
        "Tag deleted.",
        url_for(".tags"),
    )


def _save_list(found):
    typed = {
        "name": request.form.get("name", ""),
        "description": request.form.get("description", "")[:2000],
        "queue_ids": [int(id) for id in request.form.getlist("queue") if id.isdecimal()],
    }
    id = found.id if found else None
    try:
        with unit_of_work():
            held = db.session.get(ContactList, id) if id else None
            id = arranging.save_list(held, by=_me(), **typed).id
    except arranging.Refused as refused:
        return _list_page(db.session.get(ContactList, id) if id else None, typed, str(refused))
    flash("Changes saved.")
    return pages.see_other(url_for(".list_settings", id=id))


def _list_page(found, typed=None, problem=""):
    queues = db.session.scalars(select(Queue).order_by(func.lower(Queue.name))).all()
    typed = typed or {
        "name": found.name if found else "",
        "description": found.description if found else "",
        "queue_ids": [queue.id for queue in found.queues] if found else [],
    }
    return pages.render(
        "contacts/list.html",
        contact_list=found,
        typed=typed,
        queues=queues,
        problem=problem,
        count=arranging.member_count(found) if found else 0,
        default_of=arranging.default_of(found) if found else [],
        status=422 if problem else 200,
        **(_fields(found.id) if found else {}),
    )


def _fields(list_id):
    show = request.args.get("show", "available")
    show = show if show in SHOWS else "available"
    rows = arranging.fields_in(list_id, show)
    return {"fields": rows, "show": show, "kinds": KIND_WORDS, "list_id": list_id}


def _fields_url(list_id):
    return url_for(".list_settings", id=list_id) if list_id else url_for(".fields")


def _do(verb, said, there, back=None):
    try:
        with unit_of_work():
            verb()
    except arranging.Refused as refused:
        flash(str(refused), "error")
        return pages.see_other(back or there)
    if said:
        flash(said)
    return pages.see_other(there)


def _lines(text):
    return list(dict.fromkeys(line.strip()[:100] for line in text.splitlines() if line.strip()))


def _me():
    return db.session.get(User, current_user.id)
