"""Every table but the migration's own, empty again: what each test ends with."""

import contextlib
import time
from functools import cache

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

DEAD_ROWS = 2_000  # a table is read through them until they are gone
NUMBERS_FROM_ONE = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""


def empty_while_others_read(db, tries=10):
    """Web, worker and clock go on: a deadlock ends either side."""
    for _ in range(tries - 1):
        try:
            return empty(db)
        except OperationalError:
            time.sleep(0.2)
    return empty(db)


def empty(db):
    """Only what has rows is touched: TRUNCATE makes new files for all tables and indexes, which
    takes PostgreSQL ten times as long."""
    _emptier(db.engine.url, db.metadata).empty()


@cache
def _emptier(url, metadata):
    # What the triggers keep of old rows is in no model.
    return Emptier(url, [*(table.name for table in metadata.sorted_tables), "late_changes"])


class Emptier:
    """A connection of its own, which knows its statements and asks no foreign key.

    `names`: a table stands behind those it refers to. So a row that comes in between is refused
    with the one it refers to, or seen in its turn.
    """

    def __init__(self, url, names):
        self._names = names
        self._look = text(
            " UNION ALL ".join(
                f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names
            )
        )
        self._is_postgresql = url.get_backend_name() == "postgresql"
        self._dead = 0
        options = {}
        if self._is_postgresql:
            limits = "-c session_replication_role=replica -c statement_timeout=30000"
            options = {"options": limits, "prepare_threshold": 0}
        self._engine = create_engine(url, connect_args=options)

    def empty(self):
        with self._engine.connect() as connection:
            while used := set(connection.scalars(self._look)):
                for name in self._names:
                    if name in used:
                        self._dead += connection.execute(text(f"DELETE FROM {name}")).rowcount
                connection.commit()
            if self._is_postgresql:
                connection.execute(text(NUMBERS_FROM_ONE))
                connection.commit()
                if self._dead > DEAD_ROWS:
                    self._bury(connection)

    def _bury(self, connection):
        """Nobody vacuums here. Who still reads is not waited for: there is a next time."""
        with contextlib.suppress(OperationalError):
            connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
            connection.execute(text(f"TRUNCATE {', '.join(self._names)}"))
            connection.commit()
            self._dead = 0
