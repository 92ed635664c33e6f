"""What runs every few seconds finds its few rows by an index, however many rows there are."""

import re

import pytest
from sqlalchemy import event

from tests.factories import make_interaction
from webapp.extensions import db
from webapp.inbox import delivering
from webapp.queues import offering, ringing
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining
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


@pytest.mark.only("sqlite")
@pytest.mark.parametrize("verb", [claim, offer, places, drain], ids=lambda verb: verb.__name__)
def test_no_verb_of_the_main_path_reads_a_whole_table(account, queue, selected, verb):
    talk = make_interaction(account, queue=queue)
    selected.clear()
    verb(talk)
    assert list(full_scans(selected)) == []
