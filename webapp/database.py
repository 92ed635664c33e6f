"""How each database is opened: what a connection needs before anybody uses it."""

from time import monotonic

from sqlalchemy import ARRAY, any_, bindparam, event, func, literal, select, update
from sqlalchemy.exc import DisconnectionError

from webapp.extensions import READING, db
from webapp.unit_of_work import is_writing

PING_AFTER = 5  # seconds a pooled connection was idle


def engine_options(url):
    """Pools and limits; the sum over all processes stays below PostgreSQL's max_connections."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 10}, "hide_parameters": True}
    limits = "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"
    # Lists want their first rows: compiling a query takes longer than any of ours may run.
    limits += " -c jit=off"
    # Reports sort millions of narrow rows; what is not sorted takes none of it.
    limits += " -c work_mem=32MB"
    return {
        "pool_size": 10,
        "max_overflow": 10,
        "hide_parameters": True,  # errors end up in logs, and rows are people's
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


def among(column, values):
    """The condition that a column is one of these values. PostgreSQL gets them as one parameter:
    the statement is the same for any number of them, and is prepared once."""
    values = list(values)
    if is_postgresql():
        return column == any_(literal(values, ARRAY(column.type)))
    return column.in_(values)


def insert_many(table, rows, merged=lambda statement: statement):
    """Add rows of values that name the same columns; in one statement where the database can.
    `merged` adds an ON CONFLICT to it."""
    if is_postgresql():
        _, values = _as_rows(table, rows, [*rows[0]][:1])
        statement = insert(table).from_select([*values], select(*values.values()))
        db.session.execute(merged(statement))
    else:
        db.session.execute(merged(insert(table)), rows)


def update_many(table, keys, rows):
    """Write rows of values that name the same columns, each where its keys are; in one statement
    where the database can. The other columns, and their indexes, are not touched."""
    names = [name for name in rows[0] if name not in keys]
    if is_postgresql():
        given, values = _as_rows(table, rows, keys)
        one = [table.c[key] == given.c[key] for key in keys]
        changed = {name: values[name] for name in names}
        db.session.execute(_quietly(update(table).where(*one).values(changed)))
        return
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    one = [table.c[key] == bindparam(f"old_{key}") for key in keys]
    db.session.execute(
        _quietly(update(table).where(*one).values(values)),
        [{f"{'old' if name in keys else 'new'}_{name}": row[name] for name in row} for row in rows],
    )


def _quietly(statement):
    return statement.execution_options(synchronize_session=False)


def _as_rows(table, rows, keys):
    """(the rows, {column: its value in each}). PostgreSQL gets a column's values as one array, a
    parameter, not thousands; what is the same in all rows, and is no key, as one value."""
    first = rows[0]
    same = {
        name: literal(value, table.c[name].type)
        for name, value in first.items()
        if name not in keys and all(row[name] == value for row in rows)
    }
    other = [name for name in first if name not in same]
    columns = (
        bindparam(f"all_{name}", [row[name] for row in rows], ARRAY(table.c[name].type))
        for name in other
    )
    given = func.unnest(*columns).table_valued(*other).render_derived("given")
    return given, {name: same[name] if name in same else given.c[name] for name in first}


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
