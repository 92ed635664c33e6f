"""What fails for one holds up none of the others; a database that is away does."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from webapp.apart import apart
from webapp.database import is_postgresql
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

TOO_LONG = ("SET LOCAL statement_timeout = 20", "SELECT pg_sleep(5)")
CUT_OFF = ("SELECT pg_terminate_backend(pg_backend_pid())",)


@pytest.fixture
def postgresql(app):
    if not is_postgresql():
        pytest.skip("SQLite has neither time-outs of a statement nor a server")


def run_apart(*statements):
    with apart("one of many"), unit_of_work():
        for statement in statements:
            db.session.execute(text(statement))


def test_a_fault_in_one_is_logged_and_rolled_back(app, caplog):
    with apart("the step of %s", 7):
        raise ValueError("no such thing")
    assert "the step of 7 failed" in caplog.text


def test_a_statement_that_takes_too_long_stops_its_own_work_alone(postgresql, caplog):
    run_apart(*TOO_LONG)
    assert "one of many failed" in caplog.text
    run_apart("SELECT 1")


def test_a_lost_connection_stops_them_all(postgresql):
    with pytest.raises(OperationalError):
        run_apart(*CUT_OFF)
    db.session.rollback()
