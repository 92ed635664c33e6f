"""How PostgreSQL is spoken to: reading costs no transaction, and a dead connection no page."""

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine, func, select, text

from webapp import database
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

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
