"""Rows into webhook_payloads by the shortest way each database has, on a connection of its own."""

import sqlite3
import sys
from datetime import UTC, datetime
from time import monotonic
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy.engine import make_url

# Below the ten seconds a webhook waits: the writer gives up before the provider does.
TIMEOUT_SECONDS = 8
CONNECT_SECONDS = 5
TRY_SECONDS = 0.005  # SQLite looks after 1, 2 and 2 ms


class Row(NamedTuple):
    """One webhook as it is kept; the rest of it is the database's."""

    account_id: int
    body: bytes
    method: str = "POST"
    query: str = ""  # as it came, not decoded: a signature may cover it
    content_type: str = ""
    provider: str | None = None  # whose format it is, should the account move to another one


class Unreachable(Exception):
    """The database cannot be written to at the moment."""


class RowsRefused(Exception):
    """The database refused at least one of these rows; the others may be fine."""


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


class SqliteTable:
    """One transaction for all rows, synced to the disk before it counts."""

    INSERT = (
        f"INSERT INTO webhook_payloads ({', '.join(Row._fields)}, received_at) "
        f"VALUES ({'?, ' * len(Row._fields)}?)"
    )

    def __init__(self, path):
        # mode=rw: a missing file is an error here, not a new empty database.
        self._uri = f"file:{quote(path)}?mode=rw"
        self._connection = None

    def insert(self, rows):
        received_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        try:
            self._insert([(*row, received_at) for row in rows])
        except sqlite3.IntegrityError as error:
            raise RowsRefused(str(error)) from error
        except sqlite3.Error as error:
            self._disconnect()
            raise Unreachable(str(error)) from error

    def _insert(self, rows):
        connection = self._connect()
        _begin(connection)
        try:
            connection.executemany(self.INSERT, rows)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _connect(self):
        if self._connection is None:
            connection = sqlite3.connect(
                self._uri,
                uri=True,
                timeout=TRY_SECONDS,
                isolation_level=None,
                check_same_thread=False,  # one writer, but the pool gives it any of its threads
            )
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")
            self._connection = connection
        return self._connection

    def _disconnect(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _begin(connection):
    """Take the write lock. SQLite's own wait sleeps up to 100 ms between two looks, and a worker
    that drains leaves the lock free for a millisecond: webhooks would wait for seconds.
    """
    until = monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise


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
