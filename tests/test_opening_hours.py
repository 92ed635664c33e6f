"""Opening hours in one line: when it is open, since when today, and what is no such line."""

from datetime import UTC, datetime

import pytest

from webapp import opening_hours
from webapp.settings import intervals


def at(day, clock):
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)  # the 23rd is a Monday


def opened_at(line, moment):
    return intervals.opened_at(opening_hours.parse(line), moment)


def test_open_from_the_first_minute_to_the_last():
    line = "Mon-Fri 09:00-17:00 UTC"
    assert opened_at(line, at(23, "09:00")) == at(23, "09:00")
    assert opened_at(line, at(27, "16:59")) == at(27, "09:00")
    closed = (at(23, "08:59"), at(23, "17:00"), at(28, "12:00"), at(29, "12:00"))
    assert [opened_at(line, one) for one in closed] == [None] * 4


def test_the_time_zone_counts():
    line = "mon-fri 09:00-17:00 America/New_York"
    assert opened_at(line, at(23, "13:00")) is None
    assert opened_at(line, at(23, "15:00")) == at(23, "14:00")


def test_days_may_go_round_the_weekend_and_one_day_is_enough():
    assert opened_at("Sat-Mon 09:00-17:00", at(23, "12:00"))
    assert opened_at("Sat-Mon 09:00-17:00", at(24, "12:00")) is None
    assert opened_at("Tue 09:00-17:00", at(24, "12:00"))


@pytest.mark.parametrize(
    "line",
    ["", "always", "Mon-Fri", "Mon-Fri 17:00-09:00", "Mon-Fri 09:00-25:00", "Foo 09:00-17:00",
     "Mon-Fri 09:00-17:00 Nowhere/Town"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_reason(line):
    with pytest.raises(ValueError):
        opening_hours.parse(line)


def test_a_wrong_line_names_the_variable(tmp_path):
    from webapp import config

    with pytest.raises(config.ConfigError, match="^OPENING_HOURS:"):
        config.load({"DATA_DIR": str(tmp_path), "OPENING_HOURS": "always"})
