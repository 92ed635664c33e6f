"""Sending hours by each recipient's own clock, and campaigns that rest outside them."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.campaigns.sending import add_recipient, fresh, make_running, row_of, send
from webapp.campaigns.sending.hours import Hours
from webapp.settings.models import Interval, IntervalSpan

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday: 21:00 in Tokyo, 07:00 in New York
ZONES = ["America/New_York", "Asia/Tokyo", "Europe/Lisbon"]


@pytest.fixture
def office(app):
    span = IntervalSpan(starts="08:30", ends="19:00")
    return factories.save(Interval(name="Polite hours", time_zone="Europe/Lisbon", spans=[span]))


def hours(office, **columns):
    campaign = factories.make_campaign(factories.make_meta_account(), **columns)
    return Hours(factories.change(campaign, interval_id=office.id))


def test_each_zone_opens_by_its_own_clock(office):
    at = hours(office)
    assert at.open_zones(ZONES, NOON) == ["Europe/Lisbon"]
    assert at.opens_at(["America/New_York"], NOON) == NOON + timedelta(hours=1, minutes=30)


def test_the_zone_that_closes_first_goes_first(office):
    at = hours(office)
    evening = NOON + timedelta(hours=5)
    assert at.open_zones(ZONES, evening) == ["Europe/Lisbon", "America/New_York"]


def test_what_is_kept_of_a_zone_ends_when_it_turns(office):
    at = hours(office)
    for offset, is_open in ((0, True), (7, False), (21, True)):
        found = at.open_zones(["Europe/Lisbon"], NOON + timedelta(hours=offset))
        assert bool(found) is is_open


def test_one_zone_may_count_for_all(office):
    at = hours(office, zone_mode="fixed", time_zone="Asia/Tokyo")
    assert at.open_zones(ZONES, NOON) == []


def test_without_hours_everybody_may_be_written_to(app):
    at = Hours(factories.make_campaign(factories.make_meta_account()))
    assert at.open_zones(ZONES, NOON) == ZONES


@time_machine.travel(NOON)
def test_a_campaign_rests_until_the_next_zone_opens(office, stub):
    campaign = factories.change(make_running(), interval_id=office.id)
    here = add_recipient(campaign, zone="Europe/Lisbon")
    asleep = add_recipient(campaign, zone="America/New_York")
    due = {"state": "retry", "tries": 1, "retry_at": NOON - timedelta(minutes=5)}
    also_asleep = add_recipient(campaign, zone="America/New_York", **due)

    send()

    row = fresh(campaign)
    assert [row_of(one).state for one in (here, asleep, also_asleep)] == ["sent", "queued", "retry"]
    assert (row.state, row.resting_reason) == ("running", "hours")
    assert row.resting_until == NOON + timedelta(hours=1, minutes=30)


def test_a_campaign_that_sends_again_rests_no_more(stub):
    campaign = make_running(people=2, resting_reason="hours", resting_until=NOON)
    send()
    assert fresh(campaign).resting_reason is None
