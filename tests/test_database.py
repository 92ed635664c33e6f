"""How PostgreSQL is spoken to: reading costs no transaction, and a dead connection no page."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine, func, select, text

from webapp import database
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import SystemMark

MARKS = SystemMark.__table__
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)

pytestmark = pytest.mark.only("postgresql")


def status():
    return db.session.connection().connection.dbapi_connection.info.transaction_status


def pid():
    return db.session.scalar(text("SELECT pg_backend_pid()"))


def test_reading_opens_no_transaction(app):
    pid()
    assert status() == TransactionStatus.IDLE


def test_a_unit_of_work_is_one_transaction(app):
    pid()
    with unit_of_work():
        pid()
        assert status() == TransactionStatus.INTRANS
    pid()
    assert status() == TransactionStatus.IDLE


def test_a_connection_that_died_while_it_was_idle_costs_nobody_a_page(app, monkeypatch):
    monkeypatch.setattr(database, "PING_AFTER", 0)
    former = pid()
    db.session.remove()
    with create_engine(db.engine.url).connect() as admin:
        admin.execute(select(func.pg_terminate_backend(former)))
    assert pid() != former
    db.session.remove()
    db.engine.dispose()  # nobody else is to meet the dead one


def test_rows_that_share_a_value_are_each_given_it(app):
    with unit_of_work():
        database.insert_many(
            MARKS, [{"name": n, "value": "old", "at": NOON} for n in ("a", "b", "c")]
        )
        told = [
            {"name": "a", "value": "new", "at": NOON},
            {"name": "b", "value": "new", "at": LATER},
        ]
        database.update_many(MARKS, ("name",), told)
    rows = select(MARKS.c.name, MARKS.c.value, MARKS.c.at).order_by(MARKS.c.name)
    assert db.session.execute(rows).all() == [
        ("a", "new", NOON),
        ("b", "new", LATER),
        ("c", "old", NOON),
    ]


def test_rows_of_many_keys_are_found_by_one_parameter(app):
    with unit_of_work():
        database.insert_many(MARKS, [{"name": n, "value": "", "at": NOON} for n in ("a", "b", "c")])
    found = select(MARKS.c.name).where(database.among(MARKS.c.name, {"a", "c"}))
    assert set(db.session.scalars(found)) == {"a", "c"}
    assert not db.session.scalars(
        select(MARKS.c.name).where(database.among(MARKS.c.name, []))
    ).all()
