"""What is done to the ticked contacts, or to all that match what is on screen."""

from flask import abort, flash, request, send_file, url_for
from flask_login import current_user

from webapp import pages
from webapp.contacts import bulk, counting, exporting, listing, views
from webapp.contacts.models import Contact
from webapp.contacts.routes import address_of, bp, view_named
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.staff import access
from webapp.tables import choosing
from webapp.tables import routes as tables
from webapp.unit_of_work import unit_of_work

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_IN_A_WORKBOOK = 20_000


@bp.post("/many/tag")
@access.needs()
def tag_many():
    tag = _tag()
    return _each(bulk.tag, tag.id, "tagged", tag, f"tagged {tag.name}", "had the tag already")


@bp.post("/many/untag")
@access.needs()
def untag_many():
    tag = _tag()
    words = f"no longer tagged {tag.name}"
    return _each(bulk.untag, tag.id, "untagged", tag, words, "did not have the tag")


@bp.post("/many/copy")
@access.needs()
def copy_many():
    there = _list(request.form.get("list", ""))
    words = f"copied to {there.name}"
    return _each(bulk.copy, there.id, "filled", there, words, "were in it already")


@bp.post("/many/remove")
@access.needs()
def remove_many():
    """Out of the list on screen; the contacts themselves stay."""
    there = _list(_view().name)
    words = f"removed from {there.name}"
    return _each(bulk.remove, there.id, "emptied", there, words, "were not in it any more")


@bp.post("/many/block")
@access.needs()
def block_many():
    who = current_user.id
    return _each(bulk.block, who, "blocked", Contact(), "blocked", "were blocked already")


@bp.post("/many/unblock")
@access.needs()
def unblock_many():
    who = current_user.id
    return _each(bulk.unblock, who, "unblocked", Contact(), "unblocked", "were not blocked")


@bp.post("/many/export")
@access.needs(*access.LEADERS)
def export_many():
    """With all their fields, as the import reads them; a workbook takes the web process longer."""
    view = _view()
    chosen = choosing.selected(
        listing.table_for(view), views.statement(current_user, view), request.form
    )
    if request.form.get("as") != "xlsx":
        pieces = exporting.csv_of(chosen)
        return tables.attachment(pieces, "text/csv; charset=utf-8", "contacts.csv")
    if bulk.are_more_than(chosen, MOST_IN_A_WORKBOOK):
        flash(f"A workbook takes up to {MOST_IN_A_WORKBOOK:,} contacts here. Take CSV.", "error")
        return _back(view)
    return send_file(
        exporting.xlsx_of(chosen), XLSX, as_attachment=True, download_name="contacts.xlsx"
    )


@bp.post("/many/merge")
@access.needs()
def merge_many():
    """Two contacts, side by side on the page that merges them."""
    ids = request.form.getlist("id", type=int)
    if len(ids) != 2 or request.form.get("all"):
        flash("Choose two contacts to merge.")
        return _back(_view())
    return pages.see_other(f"{url_for('.index')}/{ids[0]}/merge?with={ids[1]}")


def _each(verb, target, action, subject, done, left):
    """The verb for all of the selection, a piece and a unit at a time; then say how many."""
    view = _view()
    table = listing.table_for(view)
    chosen = choosing.selected(table, views.statement(current_user, view), request.form)
    query = request.form.get("query", "") if request.form.get("all") else ""
    said = {"view": view.title, "query": query}
    asked = changed = 0
    for ids in bulk.pieces(chosen):
        with unit_of_work():
            changed += verb(ids, target)
        asked += len(ids)
    with unit_of_work():
        bulk.note(action, subject, changed, current_user._get_current_object(), said)
    counting.forget(current_user)
    flash(_words(changed, asked, done, left))
    return _back(view)


def _words(changed, asked, done, left):
    if not asked:
        return "Nobody was selected."
    contacts = f"{changed:,} contact{'' if changed == 1 else 's'}"
    rest = f" {asked - changed:,} {left}." if changed < asked else ""
    return f"{contacts} {done}.{rest}"


def _view():
    return view_named(request.args.get("view", views.ALL))


def _tag():
    return db.session.get(Tag, request.form.get("tag", 0, int)) or abort(404)


def _list(name):
    return view_named(name).contact_list or abort(404)


def _back(view):
    query = request.form.get("query", "")
    return pages.see_other(f"{address_of(view)}?{query}" if query else address_of(view))
