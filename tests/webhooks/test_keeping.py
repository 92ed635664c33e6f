"""Group commit: who shares a commit, who is told what, and what one bad row costs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import make_meta_account
from tests.support.stack import wait_for
from tests.webhooks.posting import kept, kept_bodies
from webapp.webhooks.keeping import Keeper
from webapp.webhooks.rows import Row, RowsRefused, Unreachable
from webapp.webhooks.storing import payload_table

NOBODY = 999_999


class SlowTable:
    """The real table behind a gate, which counts what it was given at once."""

    def __init__(self, table):
        self._table = table
        self.gate = threading.Event()
        self.groups = []

    def insert(self, rows):
        self.groups.append(len(rows))
        self.gate.wait(10)
        self._table.insert(rows)


class Ear:
    def __init__(self):
        self.woken = []

    def wake(self, account_ids):
        self.woken.append(set(account_ids))


@pytest.fixture
def table(app):
    return SlowTable(payload_table(app))


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def keeper(table, ear):
    return Keeper(table, ear)


@pytest.fixture
def meta(app):
    return make_meta_account()


@pytest.fixture
def crowd():
    with ThreadPoolExecutor(30) as pool:
        yield pool


def gather(keeper, table, crowd, rows):
    """One row is being written while the others come; the answers, in the order of the rows."""
    first = crowd.submit(keeper.keep, rows[0])
    wait_for(lambda: table.groups == [1])
    others = [crowd.submit(keeper.keep, row) for row in rows[1:]]
    wait_for(lambda: keeper._bytes_waiting == sum(len(row.body) for row in rows[1:]))
    assert not first.done()
    table.gate.set()
    return [answer.result() for answer in (first, *others)]


def test_bodies_that_come_during_a_commit_share_the_next_one(keeper, table, crowd, meta, ear):
    rows = [Row(meta.id, b"%d" % n) for n in range(20)]

    assert all(gather(keeper, table, crowd, rows))

    assert table.groups == [1, 19]
    assert sorted(kept_bodies()) == sorted(row.body for row in rows)
    assert ear.woken == [{meta.id}, {meta.id}]


def test_one_refused_row_costs_the_others_nothing(keeper, table, crowd, meta):
    rows = [Row(meta.id, b"1"), Row(meta.id, b"2"), Row(NOBODY, b"lost"), Row(meta.id, b"3")]

    assert gather(keeper, table, crowd, rows) == [True, True, False, True]

    assert sorted(kept_bodies()) == [b"1", b"2", b"3"]


def test_no_more_waits_in_memory_than_fits(keeper, table, crowd, meta, monkeypatch):
    monkeypatch.setattr("webapp.webhooks.keeping.MOST_BYTES_WAITING", 10)
    first = crowd.submit(keeper.keep, Row(meta.id, b"1"))
    wait_for(lambda: table.groups == [1])
    second = crowd.submit(keeper.keep, Row(meta.id, b"12345678"))
    wait_for(lambda: keeper._bytes_waiting == 8)

    assert keeper.keep(Row(meta.id, b"123")) is False

    table.gate.set()
    assert first.result() and second.result()


def test_a_large_group_is_committed_in_parts(keeper, table, crowd, meta, monkeypatch):
    monkeypatch.setattr("webapp.webhooks.keeping.GROUP_ROWS", 5)
    rows = [Row(meta.id, b"%d" % n) for n in range(12)]

    assert all(gather(keeper, table, crowd, rows))

    assert table.groups == [1, 5, 5, 1]
    assert len(kept()) == 12


def test_an_error_nobody_foresaw_loses_its_group_only(keeper, table, meta, monkeypatch):
    table.gate.set()
    with monkeypatch.context() as patch:
        patch.setattr(table, "insert", lambda rows: 1 / 0)
        assert keeper.keep(Row(meta.id, b"1")) is False

    assert keeper.keep(Row(meta.id, b"2")) is True
    assert kept_bodies() == [b"2"]


def test_a_row_the_database_refuses_is_told_from_a_database_that_is_away(app, meta):
    table = payload_table(app)
    with pytest.raises(RowsRefused):
        table.insert([Row(NOBODY, b"{}")])
    table.insert([Row(meta.id, b"{}")])

    assert not issubclass(RowsRefused, Unreachable)
    assert kept_bodies() == [b"{}"]
