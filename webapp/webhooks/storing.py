"""The table that keeps webhooks: the shortest way each database has, on a connection of its own."""

import sys

from sqlalchemy.engine import make_url

from webapp.webhooks.sqlite_table import SqliteTable


def payload_table(app):
    """Where payloads go, for the database this application uses."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "sqlite":
        table = SqliteTable(url.database)
        return InThreadPool(table) if _is_patched() else table
    # Only where it is needed: on SQLite each process is several MB smaller without psycopg.
    from webapp.webhooks.postgres_table import PostgresTable

    plain = url.set(drivername="postgresql")
    return PostgresTable(plain.render_as_string(hide_password=False))


def _is_patched():
    """Whether gevent runs this process; asked without loading gevent where nobody else has."""
    if "gevent.monkey" not in sys.modules:
        return False
    from gevent import monkey

    return monkey.is_module_patched("threading")


class InThreadPool:
    """Under gevent: a sync to the disk, or a wait for the lock, must not stop the whole process."""

    def __init__(self, table):
        self._table = table

    def insert(self, rows):
        from gevent import get_hub

        error = get_hub().threadpool.apply(self._attempt, (rows,))
        if error is not None:
            raise error

    def _attempt(self, rows):
        """The error as a value: gevent prints whatever a thread of its pool raises."""
        try:
            self._table.insert(rows)
        except Exception as error:
            return error
        return None
