"""Many rows in one statement, as each database takes them fastest."""

from functools import cache

import orjson
from sqlalchemy import bindparam, func, select, text, update

from webapp.database import insert, is_postgresql
from webapp.extensions import db


def plan_afresh():
    """Until this transaction ends PostgreSQL plans each statement for the tables as they are.

    A plan made while they were empty reads them whole, and is kept while they fill: the look-ups
    of a first import would take longer with every batch.
    """
    if is_postgresql():
        db.session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        db.session.execute(text("SET LOCAL enable_seqscan = off"))


def new_ids(table, count):
    """Ids for rows about to be written; nobody else gets the same."""
    if not count:
        return []
    if is_postgresql():
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        return db.session.scalars(
            text(f"SELECT nextval({sequence}) FROM generate_series(1, :count)"), {"count": count}
        ).all()
    last = db.session.scalar(select(func.max(table.c.id))) or 0  # SQLite has one writer
    return list(range(last + 1, last + 1 + count))


def write(table, rows):
    """Insert dicts that share their keys; what breaks a unique constraint is left out."""
    if not rows:
        return
    if not is_postgresql():
        db.session.execute(insert(table).on_conflict_do_nothing(), rows)
        return
    names = tuple(rows[0])
    db.session.execute(_insert(table, names), _given(rows))


def change(table, rows):
    """Update dicts that share their keys, by their `id`, in one order."""
    if not rows:
        return
    rows.sort(key=lambda row: row["id"])
    if not is_postgresql():
        names = [name for name in rows[0] if name != "id"]
        statement = update(table).where(table.c.id == bindparam("row_id"))
        values = {name: bindparam(f"new_{name}") for name in names}
        db.session.connection().execute(
            statement.values(values),
            [{"row_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows],
        )
        return
    names = tuple(rows[0])
    db.session.execute(_update(table, names), _given(rows))


@cache
def _insert(table, names):
    return text(
        f"INSERT INTO {table.name} ({', '.join(names)}) {_rows(table, names)} "
        "ON CONFLICT DO NOTHING"
    )


@cache
def _update(table, names):
    sets = ", ".join(f"{name} = new.{name}" for name in names if name != "id")
    return text(
        f"UPDATE {table.name} SET {sets} FROM ({_rows(table, names)}) AS new "
        f"WHERE {table.name}.id = new.id"
    )


def _rows(table, names):
    """SELECT … of all rows as one parameter: thousands of them take the driver longer to write
    than PostgreSQL to read."""
    dialect = db.engine.dialect
    types = (f"{name} {table.c[name].type.compile(dialect=dialect)}" for name in names)
    given = f"json_to_recordset(CAST(:rows AS json)) AS given({', '.join(types)})"
    return f"SELECT {', '.join(names)} FROM {given}"


def _given(rows):
    return {"rows": orjson.dumps(rows).decode()}
