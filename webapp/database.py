"""How each database is opened: what a connection needs before anybody uses it."""

from time import monotonic

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError

from webapp.extensions import READING, db
from webapp.unit_of_work import is_writing

PING_AFTER = 5  # seconds a pooled connection was idle


def engine_options(url):
    """Pools and limits; the sum over all processes stays below PostgreSQL's max_connections."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 10}}
    limits = "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"
    # Lists want their first rows: compiling a query takes longer than any of ours may run.
    limits += " -c jit=off"
    return {
        "pool_size": 10,
        "max_overflow": 10,
        "connect_args": {"options": limits, "connect_timeout": 5},
    }


def prepare(app):
    """Attach each database's rules; call once, when the application is made."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _on_sqlite_connect)
            event.listen(db.engine, "begin", _on_sqlite_begin)
        else:
            app.extensions[READING] = db.engine.execution_options(isolation_level="AUTOCOMMIT")
            event.listen(db.engine, "checkin", _on_checkin)
            event.listen(db.engine, "checkout", _on_checkout)


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


def _on_checkin(_connection, record):
    record.info["idle_since"] = monotonic()


def _on_checkout(connection, record, _proxy):
    """Ask whether the server is still there only after a pause: it costs a round trip each time."""
    if monotonic() - record.info.get("idle_since", monotonic()) < PING_AFTER:
        return
    dialect = db.engine.dialect
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error  # the pool opens another one


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
