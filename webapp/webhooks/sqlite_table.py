"""Rows into SQLite's webhook_payloads: one transaction, synced once."""

import sqlite3
from datetime import UTC, datetime
from time import monotonic
from urllib.parse import quote

from webapp.webhooks.rows import TIMEOUT_SECONDS, Row, RowsRefused, Unreachable

TRY_SECONDS = 0.005  # SQLite looks after 1, 2 and 2 ms


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
