"""Import of contacts: upload a file, say what its columns are, look at the dry run, run it."""

from flask import abort, flash, request, send_file, url_for
from flask_login import current_user
from sqlalchemy import select

from webapp import media_store, pages
from webapp.columns import id_of
from webapp.contacts import phones
from webapp.contacts.importing import deciding, mapping, showing
from webapp.contacts.importing.limits import LARGEST_FILE
from webapp.contacts.importing.models import ContactImport
from webapp.contacts.models import ContactList
from webapp.contacts.routes import bp
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

ROOM = 64 * 1024  # what the form says beside the file


@bp.url_value_preprocessor
def room_for_imports(endpoint, values):
    # Before the check of the form's token, which reads the form.
    if endpoint == "contacts.upload_import":
        request.max_content_length = LARGEST_FILE + ROOM


@bp.get("/import")
@access.needs(*access.LEADERS)
def imports():
    return pages.render(
        "contacts/imports.html", imports=deciding.recent(), show=showing, sentence=""
    )


@bp.post("/import")
@access.needs(*access.LEADERS)
def upload_import():
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise deciding.Refused("Choose a file first.")
        id = deciding.upload(file.stream, file.filename, _me())
    except deciding.Refused as refusal:
        return pages.render(
            "contacts/imports.html",
            status=422,
            imports=deciding.recent(),
            show=showing,
            sentence=str(refusal),
        )
    return pages.see_other(url_for("contacts.import_", id=id))


@bp.get("/import/<int:id>")
@access.needs(*access.LEADERS)
def import_(id):
    return _page(db.get_or_404(ContactImport, id))


@bp.get("/import/<int:id>/progress")
@access.needs(*access.LEADERS)
def import_progress(id):
    """How far it is; whoever waits for the end gets the whole page anew."""
    entry = db.get_or_404(ContactImport, id)
    answer = pages.render("contacts/_import_progress.html", entry=entry, show=showing)
    if not showing.is_at_work(entry):
        answer.headers["HX-Refresh"] = "true"
    return answer


@bp.post("/import/<int:id>")
@access.needs(*access.LEADERS)
def decide_import(id):
    entry = db.get_or_404(ContactImport, id)
    try:
        with unit_of_work():
            entry = deciding.decide(entry, _said(entry), _me())
            run = request.form.get("do") == "run" and deciding.is_checked(entry)
            if run:
                deciding.run(entry, _me())
            else:
                deciding.check(entry)
    except deciding.Refused as refusal:
        return _page(db.get_or_404(ContactImport, id), str(refusal), 422)
    if request.form.get("do") == "run" and not run:
        flash("Something changed, so the file is checked again first.")
    return pages.see_other(url_for("contacts.import_", id=id))


@bp.post("/import/<int:id>/stop")
@access.needs(*access.LEADERS)
def stop_import(id):
    with unit_of_work():
        deciding.stop(db.get_or_404(ContactImport, id), _me())
    return pages.see_other(url_for("contacts.import_", id=id))


@bp.post("/import/<int:id>/resume")
@access.needs(*access.LEADERS)
def resume_import(id):
    try:
        with unit_of_work():
            deciding.go_on(db.get_or_404(ContactImport, id), _me())
    except deciding.Refused as refusal:
        flash(str(refusal), "error")
    return pages.see_other(url_for("contacts.import_", id=id))


@bp.get("/import/<int:id>/rejects")
@access.needs(*access.LEADERS)
def import_rejects(id):
    entry = db.get_or_404(ContactImport, id)
    key = deciding.rejects_key(entry, of_dry_run="dry" in request.args)
    if not key:
        abort(404)
    try:
        content = media_store.open(key)
    except media_store.NotThere:
        abort(404)
    name = deciding.rejects_name(entry)
    return send_file(content, "application/octet-stream", as_attachment=True, download_name=name)


def _said(entry):
    form = request.form
    return {
        "columns": [form.get(f"column-{n}", "") for n in range(entry.reading.get("width", 0))],
        "country": form.get("country", ""),
        "day_first": form.get("order", "day") == "day",
        "same_by": form.getlist("same_by"),
        "on_same": form.get("on_same", mapping.KEEP),
        "list_id": id_of(form.get("list_id", "")),
        "new_list": form.get("new_list", ""),
        "tags": [tag for tag in (t.strip()[:60] for t in form.get("tags", "").split(",")) if tag],
        "has_header": "has_header" in form,
        "sheet": form.get("sheet", ""),
    }


def _me():
    return db.session.get(User, current_user.id)


def _page(entry, sentence="", status=200):
    ready = entry.reading.get("prepared") and "first" in entry.reading
    return pages.render(
        "contacts/import.html",
        status=status,
        entry=entry,
        show=showing,
        sentence=sentence,
        columns=showing.columns(entry) if ready else [],
        targets=mapping.targets(),
        matchable=showing.matchable(),
        countries=phones.countries(),
        lists=db.session.scalars(select(ContactList).order_by(ContactList.name)).all(),
        tags=", ".join(deciding.tag_names(entry)),
        checked=deciding.is_checked(entry),
    )
