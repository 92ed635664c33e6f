"""Contacts described rather than listed: a page of the contact list, kept under a name."""

from urllib.parse import parse_qsl, urlencode

from sqlalchemy import func, literal, select

from webapp.campaigns.audience.using import campaigns_with
from webapp.columns import id_of
from webapp.contacts import listing, views
from webapp.contacts.models import Contact, ContactList, SavedFilter
from webapp.extensions import db
from webapp.staff.models import record
from webapp.tables.paging import narrowed
from webapp.tables.state import state_of

LONGEST_NAME = 120


class Refused(ValueError):
    """Why it cannot be, in words for the screen."""


def save(name, view, query, by):
    """Keep what is on screen: the view's search and filters, in the words of its address."""
    kept = query_of(view, query)
    if not kept:
        raise Refused("Search or filter first: a saved filter describes some of the contacts.")
    saved = SavedFilter(name=_free_name(name), view=view.name, query=kept, created_by_id=by.id)
    db.session.add(saved)
    db.session.flush()
    record(by, "created", saved, after=_facts(saved))
    return saved


def query_of(view, query):
    """What of an address's query says which contacts: no order, no place in it, nothing unknown."""
    table = listing.table_for(view)
    return urlencode(state_of(table, dict(parse_qsl(query))).arguments(table, sort=table.sort))


def described(view, query):
    """[(what is looked at, for what)] in words: Consent, Opted in."""
    arguments = dict(parse_qsl(query))
    found = [("Search", arguments["q"])] if arguments.get("q") else []
    for one in listing.table_for(view, listing.all_tags()).filters:
        value = arguments.get(one.name)
        if value:
            found.append((one.label, dict(one.choices() if one.choices else ()).get(value, value)))
    return found


def rename(saved, name, by):
    before = _facts(saved)
    saved.name = _free_name(name, saved)
    record(by, "changed", saved, before=before, after=_facts(saved))


def delete(saved, by):
    """Refused while a campaign that is not over writes to its contacts."""
    used = campaigns_with(saved.id, "filter_ids")
    if used:
        raise Refused(f"{', '.join(used)} writes to it. Take it out of the campaign first.")
    record(by, "deleted", saved, before=_facts(saved))
    db.session.delete(saved)


def within(lists):
    """The saved filters of everybody's contacts and of these lists, by name."""
    rows = select(SavedFilter).order_by(func.lower(SavedFilter.name), SavedFilter.id)
    seen = {*views.TITLES, *(str(one.id) for one in lists)}
    return [saved for saved in db.session.scalars(rows) if saved.view in seen]


def matching(saved):
    """SELECT of the contacts it describes now, as the list's own page finds them.

    Nobody once its list or one of its filters is gone: half a description fits too many people.
    """
    if not is_whole(saved):
        return select(Contact).where(literal(False))
    view = _view(saved)
    table = listing.table_for(view)
    found = select(Contact).where(views.everybody(view))
    return narrowed(table, found, state_of(table, dict(parse_qsl(saved.query))))


def is_whole(saved):
    """Whether everything it names is still there."""
    view = _view(saved)
    if view is None:
        return False
    known = {"q", *(one.name for one in listing.table_for(view).filters)}
    return not dict(parse_qsl(saved.query)).keys() - known


def _view(saved):
    list_id = id_of(saved.view)
    return views.named(saved.view, db.session.get(ContactList, list_id) if list_id else None)


def _free_name(name, saved=None):
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise Refused("Give the filter a name.")
    if len(name) > LONGEST_NAME:
        raise Refused(f"A name may have {LONGEST_NAME} characters.")
    taken = select(SavedFilter.id).where(func.lower(SavedFilter.name) == func.lower(name))
    if saved is not None:
        taken = taken.where(SavedFilter.id != saved.id)
    if db.session.scalar(taken.limit(1)) is not None:
        raise Refused("Another saved filter has this name already.")
    return name


def _facts(saved):
    return {"name": saved.name, "view": saved.view, "query": saved.query}
