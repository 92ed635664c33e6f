"""How each database is opened: what a connection needs before anybody uses it."""

from sqlalchemy import event

from webapp.extensions import db
from webapp.unit_of_work import is_writing


def engine_options(url):
    """Pools and limits; the sum over all processes stays below PostgreSQL's max_connections."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 10}}
    limits = "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"
    return {
        "pool_size": 10,
        "max_overflow": 10,
        "pool_pre_ping": True,
        "connect_args": {"options": limits, "connect_timeout": 5},
    }


def prepare(app):
    """Attach the SQLite rules; call inside the application's context."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _on_sqlite_connect)
            event.listen(db.engine, "begin", _on_sqlite_begin)


def is_postgresql():
    return db.engine.dialect.name == "postgresql"


def insert(table):
    """An INSERT that knows ON CONFLICT, for the database in use."""
    if is_postgresql():
        from sqlalchemy.dialects.postgresql import insert as dialect_insert
    else:
        from sqlalchemy.dialects.sqlite import insert as dialect_insert
    return dialect_insert(table)


def lock(statement, skip_locked=False):
    """Lock the selected rows, but not against rows that refer to them by foreign key.

    SQLite has no row locks: there the writing transaction itself is the lock.
    """
    return statement.with_for_update(key_share=True, skip_locked=skip_locked)


def _on_sqlite_connect(connection, _record):
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    # With synchronous=NORMAL a power cut forgets commits we have already answered 200 for.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=10000",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection):
    # A transaction that reads and then writes fails at once if another has written meanwhile,
    # busy_timeout or not; so whatever may write takes the lock when it begins.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing() else "BEGIN")
