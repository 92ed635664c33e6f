"""When a campaign would go out: pace, hours of each zone, warm-up, and its end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from webapp.campaigns.models import Campaign, ZoneMode
from webapp.campaigns.wizard import planning
from webapp.settings.models import Interval, IntervalSpan

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # a Monday


@pytest.fixture
def account(app):
    return factories.make_meta_account()


@pytest.fixture
def polite(app):
    days = [0, 1, 2, 3, 4]
    spans = [IntervalSpan(starts="09:00", ends="19:00", week_days=days)]
    return factories.save(Interval(name="Polite hours", time_zone="UTC", spans=spans))


def plan(account, by_zone, interval=None, **columns):
    values = {"start_mode": "now", "zone_mode": ZoneMode.CONTACT, "response_minutes": 2880}
    campaign = Campaign(
        account=account, account_id=account.id, interval=interval, **values | columns
    )
    return planning.plan(campaign, by_zone, NOW)


def at(hour, minute=0, day=23):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def near(moment, wanted):
    return abs(moment - wanted) < timedelta(minutes=1)


def test_a_pace_decides_when_the_last_one_leaves(account):
    found = plan(account, {"UTC": 80}, pace=40)
    assert (found.begins, found.per_minute) == (NOW, 40)
    assert near(found.ends, at(13, 2))
    assert found.final_at == found.ends + timedelta(days=2)


def test_no_pace_is_more_than_the_account_gives(account):
    found = plan(account, {"UTC": 80}, pace=60_000)
    assert found.per_minute == 80 * 60 * 0.9  # Meta's usual throughput without the agents' part


def test_it_may_be_spread_over_hours(account):
    found = plan(account, {"UTC": 120}, spread_hours=2)
    assert near(found.ends, at(15))


def test_it_begins_at_its_start(account):
    found = plan(account, {"UTC": 10}, pace=10, start_mode="at", start_at=at(18))
    assert found.begins == at(18)


def test_after_the_first_few_it_rests(account):
    found = plan(account, {"UTC": 40}, pace=10, warm_up_count=10, warm_up_minutes=15)
    assert near(found.warm_up.begins, at(13, 1))
    assert near(found.warm_up.ends, at(13, 16))
    assert near(found.ends, at(13, 19))
    assert [round(one.many) for one in found.told] == [30]


def test_whoever_sleeps_gets_it_when_their_hours_open(account, polite):
    found = plan(account, {"UTC": 100, "America/Los_Angeles": 32}, polite, pace=40)
    assert [round(one.many) for one in found.told] == [100, 32]
    assert found.told[-1].begins == at(17)  # 09:00 there
    assert found.left == 0


def test_one_zone_for_all_opens_for_all(account, polite):
    found = plan(account, {"UTC": 132}, polite, pace=40, zone_mode=ZoneMode.FIXED, time_zone="UTC")
    assert len(found.waves) == 1


def test_what_does_not_fit_goes_out_on_the_next_day(account, polite):
    found = plan(account, {"UTC": 720}, polite, pace=1)
    assert near(found.waves[0].ends, at(19))
    assert found.waves[1].begins == at(9, day=24)
    assert round(found.waves[0].many) == 360


def test_at_its_end_the_rest_is_left(account):
    found = plan(account, {"UTC": 100}, pace=1, end_at=NOW + timedelta(minutes=40))
    assert found.left == pytest.approx(60, abs=2)


def test_hours_that_never_open_reach_nobody(account):
    never = factories.save(Interval(name="Never", time_zone="UTC", spans=[]))
    found = plan(account, {"UTC": 5}, never, pace=1)
    assert (found.waves, found.left) == ([], 5)


def test_without_a_start_there_is_no_plan(account):
    assert plan(account, {"UTC": 5}, start_mode="at").waves == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"]),
        st.integers(1, 5000),
        min_size=1,
    ),
    st.integers(1, 600),
    st.integers(0, 50),
)
def test_everybody_is_in_the_bars_and_nobody_twice(account, polite, by_zone, pace, warm_up):
    found = plan(
        account, by_zone, polite, pace=pace, warm_up_count=warm_up or None, warm_up_minutes=5
    )
    assert sum(one.many for one in found.waves) + found.left == pytest.approx(
        sum(by_zone.values()), abs=1
    )
    assert sum(found.bars) == pytest.approx(sum(one.many for one in found.waves), abs=1)
    assert all(one.begins <= one.ends for one in found.waves)
