"""A list as CSV: streamed in pieces by key, so that neither memory nor a lock grows with it."""

import csv
import io
from datetime import datetime

from webapp.contacts import cells
from webapp.extensions import db

PIECE = 1_000


def csv_of(table, statement, columns=None, piece=PIECE):
    """Yields the CSV (UTF-8 with a mark, so that spreadsheets read it) of all the statement finds.

    Rows come by the table's key; each piece is a query of its own. `columns`: the person's own.
    """
    chosen = [column for column in columns or table.columns if column.export is not None]
    yield "\ufeff" + _lines([[column.label for column in chosen]])
    for rows in pieces(table, statement, piece):
        yield _lines([_text(column.export(row)) for column in chosen] for row in rows)
        db.session.expunge_all()


def csv_of_rows(labels, rows):
    """The same of rows that are at hand."""
    yield "\ufeff" + _lines([labels])
    yield _lines([_text(value) for value in row] for row in rows)


def pieces(table, statement, piece=PIECE):
    """Lists of rows, each at most `piece` long, in the order of the key."""
    ordered = statement.order_by(None).order_by(table.key).add_columns(table.key.label("_key"))
    last = None
    while True:
        found = ordered if last is None else ordered.where(table.key > last)
        rows = db.session.execute(found.limit(piece)).all()
        if rows:
            yield [row[0] if len(row) == 2 else row for row in rows]
        if len(rows) < piece:
            return
        last = rows[-1][-1]


def _lines(rows):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _text(value):
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return cells.safe(str(value))
