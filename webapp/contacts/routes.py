"""The contact list: search, filters, and how many there are."""

from flask import Blueprint, abort, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.contacts import counting, duplicates, listing, saved_filters, views
from webapp.staff import access
from webapp.tables import routes as tables
from webapp.tables.state import state_of

bp = Blueprint("contacts", __name__, url_prefix="/contacts")


@bp.get("")
@access.needs()
def index():
    if request.args.get("list"):  # an address made from a list's id alone
        rest = {name: value for name, value in request.args.items() if name != "list"}
        return pages.see_other(url_for(".in_list", name=request.args["list"], **rest))
    return _page(views.ALL)


@bp.get("/in/<name>")
@access.needs()
def in_list(name):
    """One list's contacts, by its id; or those nobody may write to."""
    return _page(name)


@bp.get("/counts")
@access.needs()
def counts():
    """The lists again, with how many are in each; fetched beside the page."""
    view = view_named(request.args.get("view", ""))
    figures = counting.counted(current_user)
    narrowed = saved_filters.query_of(view, request.args.get("query", ""))
    side = _side(view, counting.Figure(figures, True), narrowed)
    return pages.render("contacts/_lists.html", **side)


@bp.get("/total")
@access.needs()
def total():
    """How many match; fetched beside the page."""
    view = view_named(request.args.get("view", ""))
    table = listing.table_for(view)
    state = state_of(table, request.args)
    found = counting.counted_total(current_user, view, table, state)
    figure = counting.Figure(found, True)
    return pages.render("contacts/_total.html", view=view, state=state, total=figure)


def view_named(name):
    return views.view_of(current_user, name) or abort(404)


def address_of(view):
    return url_for(".index") if view.name == views.ALL else url_for(".in_list", name=view.name)


def _address_of_saved(saved):
    there = url_for(".index") if saved.view == views.ALL else url_for(".in_list", name=saved.view)
    return f"{there}?{saved.query}"


def _page(name):
    view = view_named(name)
    tags = listing.all_tags()
    table = listing.table_for(view, tags)
    state = state_of(table, request.args)
    figures = counting.known(current_user)
    total = _total(view, table, state, figures)
    page = tables.page_of(table, views.statement(current_user, view), total.value)
    return pages.render(
        "contacts/contacts.html",
        "contacts/_contacts.html",
        page=page,
        state=state,
        total=total,
        tags=tags,
        tags_of=listing.tags_of(page.rows),
        standings=listing.STANDINGS,
        standing=listing.standing,
        **_side(view, figures, saved_filters.query_of(view, request.query_string.decode())),
    )


def _total(view, table, state, figures):
    if state.is_narrowed:
        return counting.known_total(current_user, view, table, state)
    return counting.Figure((figures.value or {}).get(view.name), figures.is_fresh)


def _side(view, figures, narrowed):
    lists = views.lists_of(current_user)
    return {
        "view": view,
        "narrowed": narrowed,
        "lists": lists,
        "saved": saved_filters.within(lists),
        "address_of_saved": _address_of_saved,
        "figures": figures,
        "pair_count": duplicates.count() if access.leads(current_user) else 0,
        "pairs_counted": duplicates.MOST_COUNTED,
    }
