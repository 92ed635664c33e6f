"""What a report is about stands in its address."""

from datetime import UTC, date, datetime

import pytest

from webapp.reports import choosing

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # the 23rd in Rome


def read(**arguments):
    return choosing.read(arguments, NOW)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("today", date(2026, 11, 23), date(2026, 11, 23)),
        ("week", date(2026, 11, 17), date(2026, 11, 23)),
        ("month", date(2026, 10, 25), date(2026, 11, 23)),
    ],
)
def test_a_period_ends_with_the_day_it_is_in_the_zone(app, period, first, last):
    choice = read(period=period, zone="Europe/Rome")
    assert (choice.first, choice.last) == (first, last)


def test_a_day_of_the_autumn_change_has_25_hours(app):
    choice = read(period="own", first="2026-10-25", last="2026-10-25", zone="Europe/Rome")
    start, end = choice.span
    assert (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() == 25 * 3600


def test_the_period_before_is_as_long_and_ends_the_day_before(app):
    before = read(period="own", first="2026-11-10", last="2026-11-12").before
    assert (before.first, before.last) == (date(2026, 11, 7), date(2026, 11, 9))


@pytest.mark.parametrize(
    "arguments",
    [
        {"period": "own", "first": "2026-13-40", "last": "x"},
        {"period": "own", "first": "0001-01-01", "last": "9999-12-31"},
        {"period": "forever", "zone": "Mars/Base", "queue": "1e9", "agent": "-1"},
        {"queue": "9" * 40},
    ],
)
def test_what_makes_no_sense_is_as_it_goes_by_itself(app, arguments):
    choice = choosing.read(arguments, NOW)
    assert (choice.zone, choice.queue, choice.agent) == ("UTC", None, None)
    assert 0 <= (choice.last - choice.first).days < choosing.MOST_DAYS


def test_days_the_wrong_way_round_are_turned(app):
    choice = read(period="own", first="2026-11-12", last="2026-11-10")
    assert choice.first < choice.last


def test_an_address_says_only_what_does_not_go_by_itself(app):
    assert read().address() == {}
    assert read(queue="7", period="month").address() == {"queue": 7, "period": "month"}
    choice = read(period="own", first="2026-11-10", last="2026-11-12", zone="Asia/Kolkata")
    assert choosing.read(choice.address(), NOW) == choice
