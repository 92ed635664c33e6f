"""The schedule's page: what is typed, what is kept, and what it says beside the form."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.campaigns.wizard import AJAX, make_draft
from webapp.accounts.models import AccountHealth
from webapp.campaigns.models import Campaign
from webapp.extensions import db
from webapp.settings.models import Interval

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
USUAL = {
    "start_mode": "now",
    "response": "48",
    "response_unit": "hours",
    "again": "3",
    "failed": "yes",
    "failed_percent": "5",
    "failed_of": "200",
    "quality_low": "yes",
}


@pytest.fixture
def draft(cast):
    return make_draft(factories.make_meta_account(), cast.sara)


@pytest.fixture
def leader(cast, sign_in):
    with time_machine.travel(NOW, tick=False):
        yield sign_in(cast.sara)


def post(leader, draft, **changes):
    headers = changes.pop("headers", {})
    return leader.post(f"/campaigns/{draft.id}/schedule", data=USUAL | changes, headers=headers)


def kept(draft):
    return db.session.get(Campaign, draft.id)


def test_a_start_is_of_the_viewers_clock(leader, draft):
    leader.set_cookie("zone", "Europe/Berlin")
    answer = post(leader, draft, start_mode="at", day="2026-11-24", time="14:00")
    assert answer.location == f"/campaigns/{draft.id}/review"
    assert kept(draft).start_at == datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    assert kept(draft).time_zone == "Europe/Berlin"
    page = leader.get(f"/campaigns/{draft.id}/schedule").text
    assert 'value="14:00"' in page
    assert "By your clock, Europe/Berlin" in page


def test_the_clock_that_counts_is_that_of_whoever_said_the_start(leader, draft):
    daily = {"start_mode": "daily", "day": "2026-11-24"}
    leader.set_cookie("zone", "Europe/Berlin")
    post(leader, draft, **daily, time="14:00")
    leader.set_cookie("zone", "America/New_York")
    post(leader, draft, **daily, time="08:00", pace="40")  # the same moment
    assert kept(draft).time_zone == "Europe/Berlin"
    post(leader, draft, **daily, time="09:00")
    assert kept(draft).time_zone == "America/New_York"


def test_a_fixed_zone_that_is_given_up_does_not_stay(leader, draft):
    leader.set_cookie("zone", "Europe/Berlin")
    post(leader, draft, zone="Asia/Tokyo")
    post(leader, draft, zone="")
    assert kept(draft).time_zone == "Europe/Berlin"


@pytest.mark.parametrize("name", ["pace", "response", "failed_of", "warm_up"])
def test_a_number_without_end_is_told_at_its_field(leader, draft, name):
    answer = post(leader, draft, **{name: "9" * 5000})
    assert answer.status_code == 422
    assert f"{name}-error" in answer.text


def test_a_start_that_is_not_said_is_missing(leader, draft):
    answer = post(leader, draft, start_mode="at")
    assert answer.status_code == 422
    assert "Say when it starts." in answer.text


def test_a_start_that_has_passed_is_told(leader, draft):
    answer = post(leader, draft, start_mode="at", day="2026-11-22", time="14:00")
    assert "Its start has passed" in answer.text


def test_it_cannot_end_before_it_starts(leader, draft):
    answer = post(leader, draft, end_day="2026-11-22", end_time="10:00")
    assert answer.status_code == 422
    assert "end before it starts" in answer.text
    assert 'value="2026-11-22"' in answer.text


def test_pace_and_hours_exclude_each_other(leader, draft):
    answer = post(leader, draft, pace="40", spread_hours="4")
    assert "not both" in answer.text
    post(leader, draft, pace="40")
    assert (kept(draft).pace, kept(draft).spread_hours) == (40, None)


@pytest.mark.parametrize(
    ("response", "unit", "minutes"), [("1", "hours", 60), ("3", "days", 4320), ("0", "hours", None)]
)
def test_a_reply_counts_for_an_hour_at_least(leader, draft, response, unit, minutes):
    answer = post(leader, draft, response=response, response_unit=unit)
    assert answer.status_code == (303 if minutes else 422)
    assert kept(draft).response_minutes == (minutes or 2880)


def test_stop_rules_are_kept_only_where_they_are_ticked(leader, draft):
    post(leader, draft, opt_out_percent="3", wait_long="yes", queue_wait_minutes="2")
    assert kept(draft).stop_rules == {
        "failed_percent": 5,
        "failed_of": 200,
        "queue_wait_seconds": 120,
        "quality_low": True,
    }


def test_a_ticked_rule_needs_its_number(leader, draft):
    answer = post(leader, draft, waiting="yes", queue_waiting="")
    assert answer.status_code == 422
    assert "queue_waiting-error" in answer.text


def test_hours_of_its_own_are_made_once_somebody_goes_on(leader, draft):
    own = {"interval": "own", "own_from": "09:00", "own_until": "19:00"}
    post(leader, draft, headers=AJAX, **own)
    assert db.session.scalar(select(Interval)) is None
    post(leader, draft, **own, saturday_from="10:00", saturday_until="13:00")
    interval = kept(draft).interval
    assert interval.name == "Hours of Winter service check"
    assert [(one.starts, one.ends, one.week_days) for one in interval.spans] == [
        ("09:00", "19:00", [0, 1, 2, 3, 4]),
        ("10:00", "13:00", [5]),
    ]
    assert (
        "Mon to Fri 09:00 to 19:00, Sat 10:00 to 13:00"
        in leader.get(f"/campaigns/{draft.id}/schedule").text
    )


def test_hours_of_its_own_are_made_once_though_something_else_is_missing(leader, draft):
    answer = post(
        leader, draft, interval="own", own_from="9:00", own_until="19:00", start_mode="at"
    )
    interval = db.session.scalars(select(Interval)).one()
    assert answer.status_code == 422
    assert interval.spans[0].starts == "09:00"
    assert f'<option value="{interval.id}" selected>' in answer.text


@pytest.mark.parametrize(("first", "last"), [("19:00", "09:00"), ("10:00", "9:30")])
def test_hours_that_end_before_they_begin_are_refused(leader, draft, first, last):
    answer = post(leader, draft, interval="own", own_from=first, own_until=last)
    assert answer.status_code == 422
    assert "the later one second" in answer.text


def test_the_plan_says_when_it_goes_out(leader, draft):
    post(leader, draft, pace="1", start_mode="at", day="2026-11-23", time="14:00")
    text = leader.get(f"/campaigns/{draft.id}/plan").text
    assert "First message" in text
    assert "14:00" in text
    assert "2 contacts, 1 a minute, about 2 m" in text


def test_a_queue_that_cannot_keep_up_is_told_before(leader, draft, cast):
    factories.change(cast.ben, presence="offline")
    factories.change(cast.ana, capacity=1)
    post(leader, draft, pace="60", reply_queue=str(cast.queue.id))
    text = leader.get(f"/campaigns/{draft.id}/plan").text
    assert "about 0.2 replies a minute arrive" in text  # there are two people in all
    assert "Support has 1 free agent" in text
    assert "Use 1 a minute" in text
    answer = post(leader, draft, pace="60", reply_queue=str(cast.queue.id), change="pace 1")
    assert answer.status_code == 303
    assert kept(draft).pace == 1


def test_the_daily_limit_counts_this_campaign_too(leader, draft):
    factories.save(
        AccountHealth(account_id=draft.account_id, facts={"messaging_limit": "TIER_250"})
    )
    text = leader.get(f"/campaigns/{draft.id}/plan").text
    assert "2 of 250" in text
    assert "0 used, 0 still to go in other campaigns, 2 from this one." in text
    assert "Past the daily limit" not in text


def test_the_plan_says_how_many_are_past_the_daily_limit(leader, draft):
    facts = {"messaging_limit": "1 person in 24 hours"}
    factories.save(AccountHealth(account_id=draft.account_id, facts=facts))
    text = leader.get(f"/campaigns/{draft.id}/plan").text
    assert 'Past the daily limit</dt><dd class="num t-warn">1</dd>' in text
