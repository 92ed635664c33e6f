"""What recipients add up to, in words and shares: the funnel, the failures, the pace, A and B."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from webapp.campaigns import activity, figures, ledger
from webapp.campaigns.figures import share
from webapp.campaigns.models import Campaign, CampaignMinute, CampaignVariant, RecipientState
from webapp.campaigns.pages import comparing, failures, speed
from webapp.extensions import db
from webapp.opening_hours import parse
from webapp.unit_of_work import unit_of_work

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)  # a Friday


@pytest.fixture
def campaign(cast):
    return factories.make_campaign(cast.account, state="running", loaded_at=AT)


def count(campaign, variant_id=0, **counts):
    """As if so many had moved; the names' colons are written as two underscores."""
    with unit_of_work():
        ledger.count(
            {
                (campaign.id, variant_id, name.replace("__", ":")): many
                for name, many in counts.items()
            }
        )


def minutes(campaign, *sent, first=AT):
    rows = (
        CampaignMinute(
            campaign_id=campaign.id, minute=first + timedelta(minutes=n), shard=n % 2, sent=many
        )
        for n, many in enumerate(sent)
        if many
    )
    factories.save(*rows)


def test_the_funnel_takes_each_share_of_the_step_before(campaign):
    count(
        campaign,
        skipped=578,
        queued=3688,
        read=8214,
        ever__sent=8214,
        ever__delivered=7960,
        ever__read=5731,
        ever__replied=1284,
    )
    audience, sent, delivered, read, replied = figures.of(campaign).steps
    assert (audience.count, audience.of) == (12480, "578 left out")
    assert (f"{sent.share:.0%}", sent.of) == ("69%", "of 11,902")
    shares = [f"{one.share:.1%}" for one in (delivered, read, replied)]
    assert shares == ["96.9%", "72.0%", "22.4%"]


def test_the_ledger_balances(campaign):
    for state in RecipientState:
        factories.make_recipient(campaign, state=state)
    counted = figures.of(campaign)
    assert sum(many for _, _, many in counted.ledger) == counted.total == len(RecipientState)
    assert {state for state, _, _ in counted.ledger} == set(RecipientState)


def test_who_failed_or_was_cancelled_is_told_from_who_still_waits(campaign):
    count(campaign, queued=2, retry=1, sending=1, failed=3, read=5, cancelled=4, skipped=9)
    counted = figures.of(campaign)
    assert (counted.to_go, counted.dealt_with, counted.to_send) == (4, 8, 16)
    assert counted.progress == 0.5


def test_a_share_of_nothing_is_none_and_never_above_all():
    assert share(0, 0) is None
    assert share(3, 2) == 1


def test_an_empty_campaign_has_figures_too(campaign):
    counted = figures.of(campaign)
    assert (counted.total, counted.progress, counted.failure_share) == (0, 0, None)


def test_failures_are_said_in_words_with_what_can_help(campaign):
    count(
        campaign,
        failed=258,
        unknown=11,
        why__failed__131026=219,
        why__failed__131000=4,
        why__failed__132015=6,
        why__failed__190=5,
        why__failed__missing_value=24,
    )
    counted = figures.of(campaign)
    found = failures.of(campaign, counted)
    told = {one.words: (one.count, str(one.remedy)) for one in found}
    assert told == {
        "Not reachable on WhatsApp": (219, "export"),
        "A variable is empty": (24, "values"),
        "No answer, outcome unknown": (11, "settle"),
        "The template is paused for low quality": (6, "template"),
        "The access token has expired or was withdrawn": (5, "account"),
        "Something went wrong at WhatsApp": (4, "retry"),
    }
    assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
    assert sum(failures.by_remedy(found).values()) == counted.failures


def test_codes_that_mean_the_same_are_one_failure(campaign):
    count(campaign, failed=5, why__failed__132000=2, why__failed__132012=3)
    (one,) = failures.of(campaign, figures.of(campaign))
    assert (one.count, set(one.codes)) == (5, {"132000", "132012"})


def test_a_reason_nobody_is_in_any_more_is_no_failure(campaign):
    count(campaign, failed=0, why__failed__131026=1)
    count(campaign, why__failed__131026=-1)
    assert failures.of(campaign, figures.of(campaign)) == []


def test_the_chart_has_a_point_for_each_minute_also_the_silent_ones(campaign):
    minutes(campaign, 70, 0, 21, 70)
    chart = speed.of(campaign, AT + timedelta(hours=1))
    assert chart.points == (70, 0, 21, 70)
    assert (chart.begins, chart.ends) == (AT, AT + timedelta(minutes=3))


def test_the_chart_leaves_out_the_minute_that_is_not_over(campaign):
    minutes(campaign, 70, 70, 3)
    assert speed.of(campaign, AT + timedelta(minutes=2, seconds=4)).points == (70, 70)


def test_a_long_run_is_drawn_in_no_more_points(campaign):
    minutes(campaign, *[60] * 600)
    chart = speed.of(campaign, AT + timedelta(hours=12))
    assert len(chart.points) <= speed.MOST_POINTS
    assert set(chart.points) == {60}


def test_the_pace_is_that_of_the_last_full_minute(campaign):
    minutes(campaign, 50, 70, 12)
    assert speed.now_of([campaign.id], AT + timedelta(minutes=2, seconds=9)) == {campaign.id: 70}
    assert speed.now_of([campaign.id], AT + timedelta(hours=1)) == {}


def test_a_first_minute_tells_the_pace_by_how_much_of_it_is_over(campaign):
    minutes(campaign, 20)
    began(campaign, AT + timedelta(seconds=40))
    assert pace(campaign, AT + timedelta(seconds=50)) == 120


def test_a_first_minute_that_was_half_over_when_it_began_is_no_whole_one(campaign):
    minutes(campaign, 20, 60)
    began(campaign, AT + timedelta(seconds=40))
    assert pace(campaign, AT + timedelta(minutes=1, seconds=20)) == 120
    assert pace(campaign, AT + timedelta(minutes=2)) == 60


def test_what_was_sent_before_a_pause_says_nothing_of_the_pace_after_it(campaign):
    minutes(campaign, 600, 600, 0, 30)
    began(campaign, AT + timedelta(minutes=3), "resumed")
    assert pace(campaign, AT + timedelta(minutes=3, seconds=30)) == 60


def test_a_campaign_slower_than_a_minute_has_a_pace(campaign):
    minutes(campaign, 8, 0, 0, 4)
    assert pace(campaign, AT + timedelta(minutes=4)) == 3


def pace(campaign, now):
    return speed.now_of([campaign.id], now)[campaign.id]


def began(campaign, at, kind="started"):
    with unit_of_work():
        activity.note(db.session.get(Campaign, campaign.id), kind, "Sending started", now=at)


def test_it_is_done_after_what_is_left_at_this_pace():
    assert speed.done_at(700, 70, None, AT) == AT + timedelta(minutes=10)
    assert speed.done_at(700, 0, None, AT) is None


def test_the_hours_of_sending_are_kept_in_the_estimate():
    hours = parse("Mon-Fri 09:00-10:00")
    monday = AT + timedelta(days=3)
    assert speed.done_at(40 * 60, 60, hours, AT) == monday.replace(hour=9, minute=10)
    sunday = AT + timedelta(days=2)
    assert speed.done_at(60, 60, hours, sunday) == monday.replace(hour=9, minute=1)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.278), (10, 10, 0.722, 1), (50, 100, 0.404, 0.596)],
)
def test_wilsons_interval_is_the_textbooks(part, whole, low, high):
    assert comparing.wilson(part, whole) == pytest.approx((low, high), abs=0.001)


@pytest.fixture
def two(campaign):
    """A campaign of two messages."""
    factories.save(
        *(
            CampaignVariant(
                campaign_id=campaign.id, position=n, template_name=name, language="en", percent=50
            )
            for n, name in enumerate(("plain", "friendly"))
        )
    )
    return campaign


def replies(campaign, *parts):
    for variant, (replied, delivered) in zip(campaign.variants, parts, strict=True):
        count(campaign, variant.id, ever__replied=replied, ever__delivered=delivered)


def test_no_message_wins_while_the_intervals_overlap(two):
    replies(two, (10, 100), (15, 100))
    compared = comparing.of(two)
    assert [f"{one.letter} {one.share:.0%}" for one in compared] == ["A 10%", "B 15%"]
    assert comparing.winner(compared) is None


def test_a_message_wins_whose_interval_lies_above_the_others(two):
    replies(two, (100, 1000), (200, 1000))
    assert comparing.winner(comparing.of(two)).letter == "B"


def test_one_message_is_compared_with_nothing(campaign):
    assert comparing.of(campaign) == []
    assert comparing.winner([]) is None
