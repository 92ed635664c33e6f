"""Saved filters: kept from what is on screen, renamed and deleted."""

from flask import abort, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.contacts import saved_filters, views
from webapp.contacts.models import SavedFilter
from webapp.contacts.routes import address_of, bp, view_named
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

__all__ = ["bp"]


@bp.route("/filters/new", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
def new_filter():
    """What the address's query narrows the view to, under a name."""
    view = view_named(request.values.get("view", views.ALL))
    query = saved_filters.query_of(view, request.values.get("query", ""))
    if request.method == "GET":
        return _page(view, query)
    name = request.form.get("name", "")
    try:
        with unit_of_work():
            saved_filters.save(name, view, query, _me())
    except saved_filters.Refused as refused:
        return _page(view, query, name=name, problem=str(refused))
    flash("Filter saved. It stands beside the lists.")
    return pages.see_other(f"{address_of(view)}?{query}")


@bp.route("/filters/<int:id>", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
def saved_filter(id):
    saved = db.get_or_404(SavedFilter, id)
    view, query = _view_of(saved), saved.query
    if request.method == "GET":
        return _page(view, query, saved, saved.name)
    name = request.form.get("name", "")
    try:
        with unit_of_work():
            saved_filters.rename(db.get_or_404(SavedFilter, id), name, _me())
    except saved_filters.Refused as refused:
        return _page(view, query, db.get_or_404(SavedFilter, id), name, str(refused))
    flash("Changes saved.")
    return pages.see_other(f"{address_of(view)}?{query}" if view else url_for(".index"))


@bp.post("/filters/<int:id>/delete")
@access.needs(*access.LEADERS)
def delete_filter(id):
    try:
        with unit_of_work():
            saved_filters.delete(db.get_or_404(SavedFilter, id), _me())
    except saved_filters.Refused as refused:
        flash(str(refused), "error")
        return pages.see_other(url_for(".saved_filter", id=id))
    flash("Filter deleted. Its contacts stay.")
    return pages.see_other(url_for(".index"))


def _page(view, query, saved=None, name="", problem=""):
    if saved is None and not query:
        abort(404)
    return pages.render(
        "contacts/saved_filter.html",
        view=view,
        query=query,
        saved=saved,
        name=name,
        problem=problem,
        described=saved_filters.described(view, query) if view else [],
        whole=saved is None or saved_filters.is_whole(saved),
        back=f"{address_of(view)}?{query}" if view else url_for(".index"),
        longest=saved_filters.LONGEST_NAME,
        status=422 if problem else 200,
    )


def _view_of(saved):
    """None where its list is gone: then it can only be deleted."""
    return views.view_of(current_user, saved.view)


def _me():
    return db.session.get(User, current_user.id)
