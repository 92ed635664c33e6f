"""One page of a list, by key: its cost does not grow with how far one has paged."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import and_, literal, tuple_

from webapp.extensions import db
from webapp.tables.spec import Table
from webapp.tables.state import State


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as the caller's SELECT gives them, and where the neighbouring pages begin."""

    table: Table
    state: State
    rows: list
    columns: tuple
    next: str = ""
    previous: str = ""
    total: Any = None  # of all that match, where the caller knows it cheaply
    path: str = ""

    def url(self, **changes):
        query = self.state.query(self.table, **changes)
        return f"{self.path}?{query}" if query else self.path

    @property
    def query(self):
        """What a form sends along, so that "all that match" means what was on screen."""
        return self.state.query(self.table)

    def sort_url(self, column):
        """Sorts by this column; a second time the other way round."""
        turned = self.state.sort == column.name and not self.state.descending
        return self.url(sort=f"-{column.name}" if turned else column.name)

    def order_of(self, column):
        if self.state.sort != column.name:
            return None
        return "descending" if self.state.descending else "ascending"

    @property
    def is_first(self):
        return not self.previous


def page_of(table, statement, state, columns, total=None, path=""):
    """Two queries at most become one: the statement, narrowed, ordered and cut."""
    found = db.session.execute(_cut(table, narrowed(table, statement, state), state)).all()
    more = len(found) > table.page_size
    found = found[: table.page_size]
    if state.before:
        found.reverse()
    first, last = (_cursor(found[0]), _cursor(found[-1])) if found else ("", "")
    return Page(
        table=table,
        state=state,
        rows=[row[0] if len(row) == 3 else row for row in found],
        columns=columns,
        next=last if (more or state.before) else "",
        previous=first if (more if state.before else _cursor_of(table, state)) else "",
        total=total,
        path=path,
    )


def narrowed(table, statement, state):
    """The statement with the view's search and filters."""
    conditions = []
    for one in table.filters:
        if one.name in state.filters:
            try:
                conditions.append(one.where(state.filters[one.name]))
            except ValueError:  # a value from an old link, or a made-up one
                conditions.append(literal(False))
        elif one.otherwise is not None:
            conditions.append(one.otherwise())
    if state.search:  # last: the database asks row by row in this order, and words cost the most
        conditions.append(table.search(state.search))
    return statement.where(and_(*conditions)) if conditions else statement


def _cut(table, statement, state):
    sort = table.column(state.sort).sort
    backwards = bool(state.before)
    falling = state.descending != backwards
    cursor = _cursor_of(table, state)
    if cursor is not None:
        here, there = tuple_(sort, table.key), tuple_(*cursor)
        statement = statement.where(here < there if falling else here > there)
    order = [sort.desc(), table.key.desc()] if falling else [sort, table.key]
    chosen = statement.add_columns(sort.label("_sort"), table.key.label("_key"))
    return chosen.order_by(None).order_by(*order).limit(table.page_size + 1)


def _cursor(row):
    return base64.urlsafe_b64encode(orjson.dumps([row[-2], row[-1]])).decode().rstrip("=")


def _cursor_of(table, state):
    """(sort value, key) the page begins behind; None for the first page, or what is no cursor."""
    token = state.before or state.after
    try:
        packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        value, key = orjson.loads(packed)
        sort = table.column(state.sort).sort
        kind = getattr(sort.type, "impl_instance", sort.type).python_type
        if issubclass(kind, datetime):
            value = datetime.fromisoformat(value)
        if not isinstance(value, kind) or not isinstance(key, int):
            return None
        return literal(value, sort.type), literal(key)
    except (ValueError, TypeError, binascii.Error, NotImplementedError):
        return None
