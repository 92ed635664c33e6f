"""Recipients move one way only: held, changed, saved; what they add up to follows."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from tests import factories
from webapp.campaigns import correlation, ledger
from webapp.campaigns.models import CampaignMinute, Recipient, RecipientState
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

AT = datetime(2026, 11, 20, 9, 30, 12, tzinfo=UTC)


@pytest.fixture
def campaign(cast):
    return factories.make_campaign(cast.account)


def change(recipients, **columns):
    with unit_of_work():
        entries = ledger.hold([one.id for one in recipients])
        for entry in entries:
            for name, value in columns.items():
                setattr(entry, name, value)
        ledger.save(entries)


def test_what_changed_is_written_and_counted(campaign):
    first, second = (factories.make_recipient(campaign) for _ in range(2))

    change([first], state="sent", sent_at=AT, tries=1, provider_id="wamid.1")
    change([second], state="failed", state_at=AT, reason="131026")

    counts = ledger.counts_of(campaign.id)
    assert counts["queued"] == 0
    assert counts["sent"] == counts["ever:sent"] == 1
    assert counts["failed"] == counts["why:failed:131026"] == 1
    kept = db.session.get(Recipient, first.id, populate_existing=True)
    assert (kept.state, kept.sent_at, kept.provider_id) == ("sent", AT, "wamid.1")


def test_a_later_state_keeps_what_was_ever_reached(campaign):
    one = factories.make_recipient(campaign)
    change([one], state="sent", sent_at=AT)
    change([one], state="read", read_at=AT + timedelta(seconds=5))

    counts = ledger.counts_of(campaign.id)

    assert (counts["sent"], counts["ever:sent"], counts["ever:read"]) == (0, 1, 1)
    assert ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)


def test_rows_that_change_differently_are_all_written(campaign):
    rows = [factories.make_recipient(campaign) for _ in range(6)]
    with unit_of_work():
        entries = ledger.hold([row.id for row in rows])
        for number, entry in enumerate(entries):
            if number % 2:
                entry.move(RecipientState.SENT)
                entry.sent_at = AT
            else:
                entry.move(RecipientState.SKIPPED, reason="opted_out", detail="They asked to stop.")
        ledger.save(entries)

    states = db.session.scalars(select(Recipient.state).order_by(Recipient.id)).all()
    assert states == ["skipped", "sent"] * 3
    assert ledger.counts_of(campaign.id)["why:skipped:opted_out"] == 3
    assert ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)


def test_what_leaves_is_counted_in_its_minute(campaign):
    rows = [factories.make_recipient(campaign) for _ in range(3)]
    change(rows, state="sent", sent_at=AT)
    later = AT + timedelta(minutes=2)
    change(rows[:1], state="replied", read_at=later, replied_at=later)

    found = db.session.scalars(select(CampaignMinute).order_by(CampaignMinute.minute)).all()
    assert [(one.minute, one.sent, one.read, one.replied) for one in found] == [
        (AT.replace(second=0), 3, 0, 0),
        (later.replace(second=0), 0, 1, 1),
    ]


def test_an_entry_nobody_changed_writes_nothing(campaign):
    one = factories.make_recipient(campaign)
    change([one])
    assert ledger.counts_of(campaign.id) == {"queued": 1}


def test_a_correlation_id_names_campaign_recipient_and_attempt():
    token = correlation.new_token()
    assert correlation.read(correlation.id_of(token, 12, 3)) == correlation.Told(token, 12, 3)


@pytest.mark.parametrize("text", [None, "", "parley-1", "parley-cX-1-1", "ticket-8841"])
def test_what_no_campaign_sent_is_not_read(text):
    assert correlation.read(text) is None


def test_two_that_move_some_twice_do_not_wait_for_each_other(app, cast):
    """On PostgreSQL each would hold a counter that the other one wants."""
    first, second = (factories.make_campaign(cast.account, name) for name in ("First", "Second"))
    orders, both_at_it, failed = ((first, second), (second, first)), threading.Barrier(2), []
    people = [[factories.make_recipient(one).id for one in order] for order in orders]

    def move(ids):
        with app.app_context():
            try:
                with unit_of_work():
                    for one in ids:
                        entries = ledger.hold([one])
                        entries[0].move(RecipientState.SENT, AT)
                        ledger.save(entries)
                        with suppress(threading.BrokenBarrierError):  # SQLite lets one write
                            both_at_it.wait(1)
            except DBAPIError as error:
                failed.append(error)

    movers = [threading.Thread(target=move, args=[ids]) for ids in people]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()

    db.session.rollback()
    assert failed == []
    for campaign in (first, second):
        assert ledger.counts_of(campaign.id)["sent"] == 2
        assert ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)
