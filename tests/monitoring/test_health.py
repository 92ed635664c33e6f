"""What a load balancer asks."""

from sqlalchemy import text

from webapp.extensions import db
from webapp.unit_of_work import unit_of_work


def at_version(number):
    with unit_of_work():
        db.session.execute(text("UPDATE alembic_version SET version_num = :n"), {"n": number})


def test_a_process_that_answers_is_up(client):
    assert client.get("/healthz").get_json() == {"status": "up"}


def test_tables_of_an_older_version_make_it_not_ready(client):
    before = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    try:
        assert client.get("/readyz").status_code == 200
        at_version("0001")
        assert client.get("/readyz").status_code == 503
        at_version("9999")
        assert client.get("/readyz").status_code == 200
    finally:
        at_version(before)
