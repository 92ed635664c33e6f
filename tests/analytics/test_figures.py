"""Each figure equals what counting the raw events of a month one by one gives.

Three zones, and the month of each change of the clock: the days are 23, 24 and 25 hours long.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from tests.analytics import reference
from tests.analytics.history import History
from tests.support.emptying import empty
from webapp.analytics import attendance, figures, periods
from webapp.columns import utcnow
from webapp.extensions import db

ZONES = ("Europe/Rome", "America/New_York", "Asia/Kolkata")
MONTHS = {
    "spring": datetime(2026, 3, 5, tzinfo=UTC),  # New York changes on the 8th, Rome on the 29th
    "autumn": datetime(2026, 10, 10, tzinfo=UTC),  # Rome on the 25th, New York on 1 November
}


@pytest.fixture(scope="module", params=MONTHS)
def month(request, migrated_app):
    """Told once for all tests, which only read it."""
    with migrated_app.app_context():
        yield History(request.param, MONTHS[request.param], days=31)
        db.session.rollback()
        empty(db)


@pytest.fixture
def history(month):
    yield month
    db.session.rollback()


def whole(history, zone):
    """The local days that hold all of the month, with a day on either side."""
    first = reference.day(history.start, zone) - timedelta(days=1)
    return periods.span(first, reference.day(history.end, zone) + timedelta(days=3), zone)


def daily(facts, history, zone, by):
    sliced = figures.count(facts, *whole(history, zone), by=by, step=periods.SLICE)
    folded = periods.fold(sliced, partial(periods.day_of, zone=zone))
    return {key: without_zeros(sums) for key, sums in folded.items()}


def without_zeros(sums):
    return {name: number for name, number in sums.items() if number}


def summed(expected):
    """Per key alone, over all days."""
    total = {}
    for (key, _), sums in expected.items():
        total[key] = figures.add(total.get(key, {}), sums)
    return total


@pytest.mark.parametrize("zone", ZONES)
def test_what_ended_is_what_the_events_tell_by_queue_and_day(history, zone):
    expected = reference.by_day_and_queue(history, zone)
    found = daily(figures.ENDED, history, zone, by=("queue",))

    assert found == expected
    counted = figures.count(figures.ENDED, *whole(history, zone), by=("queue",))
    assert {key: without_zeros(sums) for (key,), sums in counted.items()} == summed(expected)


@pytest.mark.parametrize("zone", ZONES)
def test_messages_are_what_the_events_tell_by_account_and_day(history, zone):
    assert daily(figures.WRITTEN, history, zone, by=("account",)) == reference.messages(
        history, zone
    )


@pytest.mark.parametrize("zone", ZONES)
def test_offers_are_what_the_events_tell_by_agent_and_day(history, zone):
    assert daily(figures.OFFERED, history, zone, by=("agent",)) == reference.offers(history, zone)


@pytest.mark.parametrize("zone", ZONES)
def test_first_replies_are_what_the_events_tell(history, zone):
    expected = reference.replies(history, zone)
    sliced = figures.spread("reply", *whole(history, zone), by=("agent",), step=periods.SLICE)
    found = periods.fold(sliced, partial(periods.day_of, zone=zone))

    assert {key: figures.median(times) for key, times in found.items()} == {
        key: reference.middle(values) for key, values in expected.items()
    }
    counted = daily(figures.REPLIED, history, zone, by=("agent",))
    assert {key: figures.average(sums, "reply") for key, sums in counted.items()} == {
        key: pytest.approx(sum(values) / len(values)) for key, values in expected.items()
    }


def test_service_level_wait_and_handle_are_what_the_events_tell(history):
    counted = figures.count(figures.ENDED, *whole(history, "UTC"), by=("queue",))
    for (queue,), sums in counted.items():
        ended = [one for one in reference.waits(history) if one[1] == queue and queue]
        whole_of = [one for one in ended if one[3] in ("accepted", "timed_out", "abandoned")]
        accepted = [took for _, _, took, how in ended if how == "accepted"]
        service = next((one.service_seconds for one in history.queues if one.id == queue), 0)
        quick = [took for took in accepted if took <= service]
        if queue is None:
            assert figures.service_level(sums) is None
            continue
        assert figures.service_level(sums) == pytest.approx(100 * len(quick) / len(whole_of))
        assert figures.average(sums, "wait") == pytest.approx(sum(accepted) / len(accepted))
        spread = figures.spread("wait", *whole(history, "UTC"), where={"queue": [queue]})
        assert figures.median(spread[()]) == reference.middle(accepted)


@pytest.mark.parametrize("zone", ZONES)
def test_time_in_states_and_occupancy_are_what_each_second_tells(history, zone):
    agent = history.agents[0].id
    changes = (date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1))
    for day in changes:
        start, end = periods.span(day, day, zone)
        parts = attendance.stretches([agent], start, end, utcnow())[agent]
        talks = attendance.held([agent], start, end, utcnow())[agent]
        available, holding, places = attendance.busy([agent], start, end, utcnow())[agent]

        seconds = range(int(start.timestamp()), int(end.timestamp()), 60)
        states = [reference.state_at(history, agent, second) for second in seconds]
        there = [
            reference.held_at(history, agent, second)
            for second, state in zip(seconds, states, strict=True)
            if state and state[0] == "available"
        ]
        near = pytest.approx
        assert available / 60 == near(len(there), abs=len(parts) + 1)
        assert holding / 60 == near(sum(held > 0 for held in there), abs=2 * len(talks) + 2)
        assert places / 60 == near(sum(there), abs=2 * len(talks) + 2)
        for state, took in attendance.in_states(parts).items():
            assert took / 60 == near(states.count(state), abs=len(parts) + 1)


def test_busy_time_is_what_counting_its_seconds_one_by_one_gives(history):
    start = history.start + timedelta(days=3)
    end = start + timedelta(days=9)
    ids = [agent.id for agent in history.agents]
    found = attendance.busy(ids, start, end, utcnow())
    states = attendance.stretches(ids, start, end, utcnow())
    talks = attendance.held(ids, start, end, utcnow())
    for agent in ids:
        there = {
            second
            for part in states[agent]
            if part.state == "available"
            for second in range(part.start, part.end)
        }
        held = Counter(second for talk in talks[agent] for second in range(talk.start, talk.end))
        in_both = [held[second] for second in there if second in held]
        assert found[agent] == (len(there), len(in_both), sum(in_both))
    assert any(holding for _, holding, _ in found.values())


def test_any_minute_of_the_past_is_seen_as_it_was(history):
    for _ in range(40):
        at = history.moment()
        found = {
            row.interaction_id: (row.phase, row.queue_id, row.owner_id)
            for row in attendance.phases_at(at)
        }
        assert found == reference.open_at(history, at)
        states = attendance.states_at(at, [agent.id for agent in history.agents])
        for agent in history.agents:
            row = states.get(agent.id)
            said = [one for one in history.states if one.agent == agent.id and one.at <= at]
            assert (row and (row.state, row.reason)) == (
                (said[-1].state, said[-1].reason) if said else None
            )


def test_a_day_is_as_long_as_its_clock_makes_it():
    days = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 6, 1))
    moments = [periods.span(day, day, "Europe/Rome") for day in days]

    assert [end.timestamp() - start.timestamp() for start, end in moments] == [
        23 * 3600,
        25 * 3600,
        24 * 3600,
    ]


def test_the_hour_that_comes_twice_is_two_hours():
    start, _ = periods.span(date(2026, 10, 25), date(2026, 10, 25), "Europe/Rome")
    first = int(start.timestamp())
    hours = {
        periods.hour_of(second, "Europe/Rome").isoformat()
        for second in range(first, first + 25 * 3600, periods.SLICE)
    }
    assert len(hours) == 25


def test_figures_without_anything_to_count_are_none_rather_than_zero():
    assert figures.service_level({}) is None
    assert figures.average({}, "wait") is None
    assert figures.median({}) is None
    assert figures.failure_rate({"sent": 9, "failed": 1}) == 10


def test_a_quantile_lies_between_what_is_below_and_above():
    assert figures.median({10: 1, 20: 1}) == 15
    assert figures.median({10: 2, 20: 1}) == 10
    assert figures.quantile({1: 95, 100: 5}, 0.95) == pytest.approx(50.5)
    assert figures.quantile({1: 1, 9: 1}, 1) == 9
