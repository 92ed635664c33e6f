"""What runs every few seconds finds its few rows by an index, however many rows there are."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from tests.factories import make_account, make_interaction
from webapp.accounts import condition
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import delivering, looking_up
from webapp.queues import offering, ringing
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining, finding
from webapp.webhooks.finding import Filter
from workers import clock

LARGE = "interactions|messages|media|offers|receipts|attempts|webhook_payloads|interaction_events"


@pytest.fixture
def selected(app):
    """The statements that read, as the database got them."""
    found = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.lstrip().startswith(("SELECT", "UPDATE")):
            found.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


def full_scans(selected):
    connection = db.session.connection().connection.dbapi_connection
    for statement, parameters in list(selected):
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        for row in rows:
            if re.search(rf"\bSCAN ({LARGE})\b(?!.* USING)", row[3]):
                yield f"{row[3]}: {statement}"


ENTRIES = [entry for _, entries in clock.CADENCES for entry in entries]


@pytest.mark.only("sqlite")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.__name__)
def test_no_entry_of_the_clock_reads_a_whole_table(app, selected, entry):
    entry()
    assert list(full_scans(selected)) == []


def claim(talk):
    delivering.claim(talk.account_id, 5)


def offer(talk):
    with unit_of_work():
        offering.offer(talk.queue_id)


def places(talk):
    ringing.owned_count(1)


def drain(talk):
    draining.drain(talk.account_id)


def look_up(talk):
    looking_up.settle_unknown(talk.account_id)


def condition_of(talk):
    condition.of(talk.account)


@pytest.mark.only("sqlite")
@pytest.mark.parametrize(
    "verb", [claim, offer, places, drain, look_up, condition_of], ids=lambda verb: verb.__name__
)
def test_no_verb_of_the_main_path_reads_a_whole_table(account, queue, selected, verb):
    talk = make_interaction(account, queue=queue)
    selected.clear()
    verb(talk)
    assert list(full_scans(selected)) == []


@pytest.fixture
def crowded(account):
    """20,000 stored webhooks over two days, a handful of them failed."""
    other = make_account()
    filled = """
        INSERT INTO webhook_payloads (account_id, body, received_at, processed_at, error)
        WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 20000)
        SELECT CASE WHEN i % 100 = 0 THEN :other ELSE :account END, CAST('x' AS BLOB),
            datetime('now', ((i - 20000) * 9) || ' seconds'),
            CASE WHEN i < 19990 THEN datetime('now') END,
            CASE WHEN i % 2000 = 1 THEN 'Event 1 failed.' END
        FROM numbers
    """
    with unit_of_work():
        db.session.execute(text(filled), {"account": account.id, "other": other.id})
    return other


STATES = [{"state": state} for state in finding.STATES]
FILTERS = [
    {},
    *STATES,
    *({"account_id": 0, **state} for state in [{}, *STATES]),
    {"words": "IntegrityError"},
    {"words": "IntegrityError", "account_id": 0},
    {"since": timedelta(hours=30), "until": timedelta(hours=29)},
    {"since": timedelta(hours=30), "account_id": 0, "state": "failed"},
]


@pytest.mark.only("sqlite")
@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_stored_webhooks_are_listed_along_an_index(crowded, selected, wanted):
    wanted = {
        name: utcnow() - value if isinstance(value, timedelta) else value
        for name, value in wanted.items()
    }
    if "account_id" in wanted:
        wanted["account_id"] = crowded.id
    selected.clear()
    finding.page(Filter(**wanted))

    plans = [line for statement in selected for line in plan_of(*statement)]
    # Along the primary key in its own order, a page is read and no more.
    if set(wanted) - {"state"} or wanted.get("state") in ("error", "failed", "remarks"):
        assert not [
            line
            for line in plans
            if line.startswith("SCAN webhook_payloads") and "USING INDEX" not in line
        ], plans
    if wanted.get("account_id") and wanted.get("state") in ("error", "failed", "remarks"):
        assert any("ix_webhook_payloads_account_failed" in line for line in plans), plans
    if wanted.get("state") != "waiting":  # few, in the order of their accounts
        assert not [line for line in plans if "TEMP B-TREE" in line], plans


def plan_of(statement, parameters):
    connection = db.session.connection().connection.dbapi_connection
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
