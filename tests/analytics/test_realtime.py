"""The board's numbers: computed once a second while somebody looks, and always the right ones."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tests import factories
from tests.analytics.history import History
from tests.support.queries import counted_queries
from webapp.analytics import figures, keeping, realtime
from webapp.analytics.minutes import COUNTED, Bucket, Minutes
from webapp.analytics.models import Outcome
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Interaction, InteractionState
from webapp.unit_of_work import unit_of_work

START = datetime(2026, 10, 24, 20, tzinfo=UTC)


def total(told):
    return figures.add(*(numbers for *_, numbers in told["places"]))


def test_nothing_is_computed_while_nobody_looks(cast):
    board = realtime.Board()
    assert board.tick() is False
    assert realtime.latest() == (0, None)

    realtime.watch()
    assert board.tick() is True
    seq, at = realtime.latest()
    computed = orjson.loads(realtime.stored())
    assert (seq, computed["at"], computed["queues"][0]["name"]) == (1, at.decode(), "Support")


def test_who_looks_no_longer_is_forgotten_after_a_while(cast):
    realtime.watch()
    assert 0 < redis_clients.patient.ttl(realtime.WATCHED) <= realtime.WATCHED_SECONDS


def test_the_board_counts_what_stands_open_by_place_and_owner(cast, account, queue, ana):
    now = utcnow()
    long_ago = now - timedelta(minutes=9)
    factories.make_interaction(account, queue=queue, waiting_since=long_ago)
    factories.make_interaction(account, queue=queue)
    factories.make_interaction(account, owner=ana, queue=queue, unread=3, unanswered_since=long_ago)
    factories.make_interaction(account, state=InteractionState.UNMANAGED)
    factories.make_interaction(account, queue=queue, session_expires_at=now)

    found = realtime.Board().compute(now + timedelta(seconds=1))
    places = {tuple(key): facts for *key, facts in found["places"]}
    assert places[(queue.id, account.id)] == {
        "open": 3, "waiting": 2, "unmanaged": 0, "slow": 1, "since": long_ago,
    }  # fmt: skip
    assert places[(None, account.id)]["unmanaged"] == 1
    assert found["owners"] == [[queue.id, ana.id, {"held": 1, "unread": 3}]]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Rome", "America/New_York"])
def test_a_day_kept_by_the_minute_equals_counting_it_at_once(app, zone):
    """Over the end of summer time in Rome; looked at every few minutes, as a clock would."""
    History("minutes", START, days=1, conversations=25)
    minutes = Minutes()
    day = datetime(2026, 10, 25, tzinfo=realtime.periods.ZoneInfo(zone))
    for step in range(0, 20 * 60, 7):
        now = day.astimezone(UTC) + timedelta(minutes=step)
        minutes.look(now, day)

    until = now.replace(second=0) + timedelta(minutes=1)
    by_place = {"wait_seconds", "accepted", "closed", "handle_seconds", "abandoned"}
    counted = figures.count(figures.ENDED, day, until, by=("queue", "account"))
    kept = minutes.day.places
    for place, sums in counted.items():
        assert {name: kept[place].get(name, 0) for name in by_place} == {
            name: sums[name] for name in by_place
        }
    spread = figures.spread("reply", day, until, by=("queue", "account"))
    assert {key: figures.median(times) for key, times in spread.items()} == {
        key: figures.median(minutes.day.replies[key]) for key in spread
    }


def test_the_last_half_hour_is_the_sum_of_its_minutes(app):
    """Seen every few minutes over two days, with an hour in between that nobody looked."""
    History("recent", START, days=2, conversations=60)
    minutes, looked = Minutes(), 0
    for step in [*range(0, 30 * 60, 7), *range(31 * 60, 50 * 60, 41)]:
        now = START + timedelta(minutes=step, seconds=50)
        minutes.look(now, now - timedelta(hours=2))
        fresh = Bucket()
        for bucket in minutes.last(30, now):
            if bucket is not None:
                fresh.add(bucket)
        assert filled(minutes.recent) == filled(fresh)
        looked += bool(filled(fresh)["places"])
    assert looked > 20


def filled(bucket):
    return {
        kind: {key: numbers for key, numbers in getattr(bucket, kind).items() if numbers}
        for kind in ("places", "agents", "replies")
    }


def test_what_is_written_late_is_counted_within_the_hour(cast, account, queue):
    talk = factories.make_interaction(account, queue=queue)
    minutes, now = Minutes(), utcnow().replace(second=30, microsecond=0)
    day = now - timedelta(hours=20)
    minutes.look(now, day)
    with unit_of_work():
        row = db.session.get(Interaction, talk.id)
        row.owner_id, row.state = cast.ana.id, InteractionState.ASSIGNED
        keeping.moved(row, Outcome.ACCEPTED, now - timedelta(minutes=20))

    for _ in range(120):
        minutes.look(now, day)
    assert minutes.day.places[(queue.id, account.id)]["accepted"] == 1


def test_a_day_whose_first_reading_failed_is_read_the_next_time(cast, account, queue, monkeypatch):
    def fail(*_):
        raise ValueError("away")

    factories.make_interaction(account, queue=queue)
    minutes, now = Minutes(), utcnow()
    with monkeypatch.context() as patched:
        patched.setattr(figures, "last_done", fail)
        with pytest.raises(ValueError):
            minutes.look(now, now - timedelta(hours=1))
    minutes.look(now, now - timedelta(hours=1))
    assert minutes.day.places[(queue.id, account.id)]["begun"] == 1


def test_last_activity_is_known_however_seldom_the_board_was_read(cast, account, queue, ana):
    talk = factories.make_interaction(account, queue=queue, owner=ana)
    minutes, now = Minutes(), utcnow().replace(second=30, microsecond=0)
    day = now - timedelta(hours=2)
    minutes.look(now, day)
    at = now + timedelta(seconds=20)
    factories.make_message(talk, direction="out", author_id=ana.id, received_at=at)
    minutes.look(now + timedelta(seconds=61), day)  # nobody looks: once a minute
    assert minutes.last_done == {ana.id: int(at.timestamp())}


def test_a_look_reads_each_kind_of_facts_once_and_builds_no_statement_anew(cast):
    minutes, now = Minutes(), utcnow()
    day = now - timedelta(hours=20)
    minutes.look(now, day)
    built = figures._kept.cache_info().misses
    with counted_queries() as queries:
        minutes.look(now + timedelta(seconds=1), day)
    assert len(queries) == len(COUNTED) + 2  # how long replies took, and who did what last
    assert figures._kept.cache_info().misses == built


def test_a_new_day_begins_with_nothing(cast, account, queue):
    minutes = Minutes()
    now = utcnow()
    factories.make_interaction(account, queue=queue)
    minutes.look(now, now - timedelta(hours=1))
    assert minutes.day.places[(queue.id, account.id)]["begun"] == 1

    tomorrow = now + timedelta(hours=2)
    minutes.look(tomorrow, tomorrow)
    assert {n for sums in minutes.day.places.values() for n in sums.values()} <= {0}


def test_a_day_that_begins_earlier_in_another_zone_is_read_at_once(cast, account, queue):
    minutes, now = Minutes(), utcnow().replace(second=30, microsecond=0)
    talk = factories.make_interaction(account, queue=queue)
    with unit_of_work():
        row = db.session.get(Interaction, talk.id)
        row.owner_id, row.state = cast.ana.id, InteractionState.ASSIGNED
        keeping.moved(row, Outcome.ACCEPTED, now - timedelta(hours=3))
    minutes.look(now, now - timedelta(hours=2))
    assert minutes.day.places[(queue.id, account.id)].get("closed", 0) == 0

    minutes.look(now, now - timedelta(hours=8))
    assert minutes.day.places[(queue.id, account.id)]["accepted"] == 1
    minutes.look(now, now - timedelta(hours=2))
    minutes.look(now, now - timedelta(hours=8))
    assert minutes.day.places[(queue.id, account.id)]["accepted"] == 1


def test_a_tick_asks_as_many_questions_however_much_there_is(cast, account, queue, ana, ben):
    board = realtime.Board()
    realtime.watch()
    board.tick()
    with counted_queries() as few:
        board.tick()
    for n in range(12):
        talk = factories.make_interaction(account, queue=queue, owner=(ana, ben, None)[n % 3])
        factories.make_message(talk)
        factories.make_queue(f"Queue {n}", [ana])
    board.tick()
    with counted_queries() as many:
        board.tick()

    assert len(many) == len(few) <= 25


def test_what_cannot_be_read_stays_as_it_was_and_holds_up_nothing(cast, monkeypatch):
    board, now = realtime.Board(), utcnow()
    before = board.compute(now)["queues"]

    def fail():
        raise ValueError("broken")

    monkeypatch.setitem(realtime.SELDOM, "queues", fail)
    monkeypatch.setitem(realtime.SELDOM, "campaigns", fail)
    board._slow_at = 0
    found = board.compute(now)
    assert (found["queues"], found["campaigns"]) == (before, [])
    assert [one["name"] for one in found["accounts"]] == [cast.account.name]
