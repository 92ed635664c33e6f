"""Counts what is asked of the database, so that a page's cost cannot grow unseen."""

from contextlib import contextmanager

from sqlalchemy import event

from webapp.extensions import db


@contextmanager
def counted_queries():
    """`with counted_queries() as queries:` fills the list with the statements sent meanwhile."""
    queries = []

    def note(connection, cursor, statement, parameters, context, many):
        queries.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield queries
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
