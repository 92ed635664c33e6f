"""The connection a web process writes payloads on: lost, replaced, and never to a wrong file."""

import sqlite3

import psycopg
import pytest

from tests.factories import make_meta_account
from tests.webhooks.posting import kept_bodies, post
from webapp.extensions import db
from webapp.webhooks.postgres_table import PostgresTable
from webapp.webhooks.rows import Row, Unreachable
from webapp.webhooks.sqlite_table import SqliteTable


def test_a_connection_lost_between_webhooks_is_replaced(client, app):
    account = make_meta_account()
    post(client, account, b"1")
    lose_connections()

    assert post(client, account, b"2").status_code == 200
    assert kept_bodies() == [b"1", b"2"]


def lose_connections():
    """As a restart of PostgreSQL does; a file has no connections to lose."""
    if db.engine.dialect.name == "postgresql":
        ours = "datname = current_database() AND query LIKE 'INSERT INTO webhook_payloads%%'"
        killed = db.session.connection().exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"
        )
        assert killed.all()


def test_a_postgresql_that_cannot_be_reached_is_said_to_be():
    table = PostgresTable("postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(Unreachable):
        table.insert([Row(1, b"{}")])


def test_a_postgresql_table_works_again_as_soon_as_it_can(postgres):
    url = postgres.new_database()
    table = PostgresTable(url)
    make_table(url)
    table.insert([Row(1, b"first")])
    allow_connections(postgres, url, False)
    for _ in range(2):
        with pytest.raises(Unreachable):
            table.insert([Row(1, b"lost")])

    allow_connections(postgres, url, True)
    table.insert([Row(1, b"second"), Row(1, b"third")])

    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT body FROM webhook_payloads ORDER BY id").fetchall()
    assert [body for (body,) in found] == [b"first", b"second", b"third"]


def make_table(url):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE webhook_payloads (id bigserial, account_id bigint, body bytea, "
            "method text, query text, content_type text, provider text, only_receipts bool)"
        )


def allow_connections(postgres, url, allowed):
    name = url.rpartition("/")[2]
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )


def test_a_missing_sqlite_file_is_not_made(tmp_path):
    table = SqliteTable(str(tmp_path / "away.db"))

    with pytest.raises(Unreachable):
        table.insert([Row(1, b"{}")])

    assert not (tmp_path / "away.db").exists()


def test_a_locked_sqlite_file_is_waited_for_and_then_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("webapp.webhooks.sqlite_table.TIMEOUT_SECONDS", 0.2)
    path = str(tmp_path / "parley.db")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute(
            "CREATE TABLE webhook_payloads "
            "(account_id, body, method, query, content_type, provider, only_receipts, received_at)"
        )
        table = SqliteTable(path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unreachable):
            table.insert([Row(1, b"{}")])
        other.execute("COMMIT")

        table.insert([Row(1, b"{}")])
        assert other.execute("SELECT count(*) FROM webhook_payloads").fetchone() == (1,)


def test_what_is_answered_200_is_synced_to_the_disk(tmp_path):
    path = str(tmp_path / "parley.db")
    sqlite3.connect(path).close()
    connection = SqliteTable(path)._connect()

    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
