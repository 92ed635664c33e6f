"""Rows into PostgreSQL's webhook_payloads: one statement, one round trip, one commit for all."""

import psycopg

from webapp.webhooks.rows import (
    CONNECT_SECONDS,
    TIMEOUT_SECONDS,
    Row,
    RowsRefused,
    Unreachable,
)


class PostgresTable:
    """One statement, one round trip, one commit for all rows."""

    INSERT = (
        f"INSERT INTO webhook_payloads ({', '.join(Row._fields)}) SELECT * FROM unnest("
        "%b::bigint[], %b::bytea[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bool[])"
    )

    def __init__(self, url):
        self._url = url
        self._connection = None

    def insert(self, rows):
        columns = [list(column) for column in zip(*rows, strict=True)]
        try:
            self._insert(columns)
        except _ConnectionLost:
            # Lost after the commit, the rows are written twice: their events are unique anyway.
            self._insert(columns)

    def _insert(self, columns):
        fresh = self._connection is None
        try:
            self._connect().execute(self.INSERT, columns, prepare=True)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            lost = not fresh and self._connection.closed
            self._disconnect()
            raise (_ConnectionLost if lost else Unreachable)(str(error)) from error
        except psycopg.Error as error:
            raise RowsRefused(str(error)) from error

    def _connect(self):
        if self._connection is None:
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                tcp_user_timeout=TIMEOUT_SECONDS * 1000,
                options=f"-c statement_timeout={TIMEOUT_SECONDS}s",
            )
        return self._connection

    def _disconnect(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _ConnectionLost(Unreachable):
    pass
