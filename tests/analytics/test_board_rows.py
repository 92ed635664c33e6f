"""The rows of the board's tables: each figure is what the raw events of the day tell."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest

from tests import factories
from tests.analytics import reference
from tests.analytics.history import History
from tests.support.queries import counted_queries
from webapp.analytics import realtime
from webapp.analytics.board import View
from webapp.analytics.choosing import Choice
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import InteractionState
from webapp.settings import zone as zones
from webapp.settings.models import Interval, IntervalSpan
from webapp.unit_of_work import unit_of_work

START = datetime(2026, 10, 24, 6, tzinfo=UTC)
ROW = ("closed", "abandoned", "handled", "handle_seconds", "replied", "reply_seconds")
OFFERS = ("offers_accepted", "passed", "missed")


def view_at(now, **choice):
    return View(orjson.loads(realtime.Board().packed(now)), Choice(period="today", **choice))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Rome", "America/New_York"])
def test_each_row_of_the_day_is_what_the_events_tell(app, zone):
    """The day on which Rome's summer time ends: 25 hours long."""
    with unit_of_work():
        zones.set_time_zone(zone, by="command")
    history = History("rows", START, days=2, conversations=80)
    today = datetime(2026, 10, 25).date()
    now = datetime.combine(today, time(23, 59, 30), ZoneInfo(zone)).astimezone(UTC)
    view = view_at(now)

    for whose, rows, names in (
        ("account", view.account_rows, ROW),
        ("queue", view.queues, (*ROW, *OFFERS)),
        ("agent", view.agents, ("closed", "handled", "handle_seconds", *OFFERS)),
    ):
        expected = reference.of_day(history, zone, today, whose)
        assert {row.id: {name: row.count(name) for name in names} for row in rows} == {
            row.id: {name: expected.get(row.id, {}).get(name, 0) for name in names} for row in rows
        }
    messages = reference.messages(history, zone)
    for row in view.account_rows:
        told = messages.get((row.id, today), {})
        for name in ("received", "sent", "failed"):
            assert row.count(name) == told.get(name, 0)
    done = {one.id: int(one.last_at.timestamp()) for one in view.agents if one.last_at}
    assert done == reference.last_done(history, zone, today)


def test_averages_are_of_the_row_s_own_sums(app):
    history = History("averages", START, days=1, conversations=60)
    view = view_at(START + timedelta(hours=17, minutes=30))
    expected = reference.of_day(history, "UTC", START.date(), "queue")
    for row in view.queues:
        sums = expected[row.id]
        assert row.average("handle") == pytest.approx(sums["handle_seconds"] / sums["handled"])


def test_last_activity_moves_with_what_somebody_writes(cast, account, queue, ana):
    talk = factories.make_interaction(account, queue=queue, owner=ana)
    board, now = realtime.Board(), utcnow()
    board.compute(now)
    at = now.replace(microsecond=0)
    factories.make_message(talk, direction="out", author_id=ana.id, received_at=at)
    assert dict(board.compute(now)["last_done"]) == {ana.id: int(at.timestamp())}


def test_a_queue_counts_its_members_by_what_they_are_doing(cast, account, queue, ana, ben, otto):
    factories.change(ana, capacity=1)
    factories.make_interaction(account, queue=queue, owner=ana)
    factories.change(ben, presence="paused")
    (row,) = view_at(utcnow()).queues

    assert row.crew == {"available": 0, "full": 1, "paused": 1, "offline": 0}
    assert (row.signed_in, row.members, row.strategy) == (2, 2, "rr_memory")


def test_an_account_counts_what_stands_open_there(cast, account, queue, ana):
    factories.make_interaction(account, queue=queue)
    factories.make_interaction(account, queue=queue, owner=ana)
    factories.make_interaction(account, state=InteractionState.UNMANAGED)
    other = factories.make_account()
    rows = {row.id: row for row in view_at(utcnow()).account_rows}

    found = rows[account.id]
    assert (found.open, found.waiting, found.unmanaged) == (3, 1, 1)
    assert (found.provider, found.phone, found.last_event_at) == ("Sandbox", account.phone, None)
    assert (rows[other.id].open, rows[other.id].count("closed")) == (0, 0)


def test_offers_are_found_by_the_account_that_was_chosen(app):
    history = History("chosen", START, days=1, conversations=60)
    now = START + timedelta(hours=17, minutes=30)
    for account in history.accounts:
        view = view_at(now, account=account.id)
        missed = [
            one
            for one in history.offers
            if one.account == account.id and one.state == "lapsed" and one.at <= now
            if reference.day(one.at, "UTC") == START.date()
        ]
        assert sum(row.count("missed") for row in view.queues) == len(missed)


def test_a_campaign_tells_its_ledger_its_pace_and_its_next_window(cast, account):
    now = utcnow()
    running = factories.make_campaign(account, name="Autumn", state="running", pace=60)
    factories.change(running, started_at=now, launched_at=now, loaded_at=now)
    planned = factories.make_campaign(account, name="Winter", state="scheduled")
    factories.change(planned, launched_at=now, start_at=now + timedelta(hours=3))
    for state in ("queued", "retry", "skipped", "failed"):
        factories.make_recipient(running, state=state)
    found = {one["name"]: one for one in view_at(now).campaigns}

    autumn = found["Autumn"]
    counted = ("queued", "failed", "skipped", "sent", "to_send")
    assert [autumn[name] for name in counted] == [2, 1, 1, 0, 3]
    assert (autumn["opens_at"], autumn["pace"]) == (None, 60)
    assert datetime.fromisoformat(found["Winter"]["opens_at"]) == now + timedelta(hours=3)


def test_campaigns_ask_as_many_questions_however_many_there_are(cast, account):
    def tick():
        db.session.rollback()
        with counted_queries() as queries:
            realtime.Board().compute(utcnow())
        return len(queries)

    def with_hours_of_its_own(name):
        span = IntervalSpan(always=False, week_days=[0], starts="09:00", ends="17:00")
        hours = factories.save(Interval(name=name, time_zone="UTC", spans=[span]))
        factories.make_campaign(account, state="running", interval_id=hours.id)

    with_hours_of_its_own("Office")
    few = tick()
    for name in ("Morning", "Evening"):
        with_hours_of_its_own(name)
    assert tick() == few
