"""Which columns a person sees in a list, and which rows a bulk action is for."""

from urllib.parse import parse_qsl

from sqlalchemy import literal

from webapp.columns import id_of
from webapp.database import insert
from webapp.extensions import db
from webapp.tables.models import TableChoice
from webapp.tables.paging import narrowed
from webapp.tables.state import state_of

MOST_IDS = 1_000


def columns_for(table, user):
    """The table's columns this person wants, in the table's order."""
    choice = db.session.get(TableChoice, (user.id, table.name))
    if choice is None:
        return tuple(column for column in table.columns if column.fixed or column.shown)
    wanted = set(choice.columns)
    return tuple(column for column in table.columns if column.fixed or column.name in wanted)


def choose_columns(user, name, columns):
    """Keep the choice; without any the standard comes back."""
    if not columns:
        forget_columns(user, name)
        return
    statement = insert(TableChoice.__table__)
    statement = statement.on_conflict_do_update(
        index_elements=["user_id", "table"], set_={"columns": statement.excluded.columns}
    )
    db.session.execute(
        statement, {"user_id": user.id, "table": name, "columns": sorted(set(columns))}
    )


def forget_columns(user, name):
    choice = db.session.get(TableChoice, (user.id, name))
    if choice is not None:
        db.session.delete(choice)


def selected(table, statement, form):
    """The statement narrowed to a bulk form's rows: the ticked ones, or all that match its view.

    `form` carries `id` for each ticked row, or `all` with the view's `query`.
    """
    if form.get("all"):
        view = dict(parse_qsl(form.get("query", "")))
        return narrowed(table, statement, state_of(table, view))
    named = map(id_of, form.getlist("id"))
    ids = [one for one in named if one is not None]
    if not ids:
        return statement.where(literal(False))
    return statement.where(table.key.in_(ids[:MOST_IDS]))
