"""Is it open at this moment: spans, months, midnight, holidays, and changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webapp.opening_hours import Schedule, Span
from webapp.settings import intervals

WEEK_DAYS = (0, 1, 2, 3, 4)
MINUTE = timedelta(minutes=1)


def hours(*spans, zone="UTC", holidays=()):
    return Schedule(time_zone=zone, spans=spans, holidays=holidays)


def off(day, yearly=False):
    return SimpleNamespace(day=day, yearly=yearly)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def local(zone, *parts, fold=0):
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def test_without_an_interval_it_is_always_open():
    assert intervals.is_open(None, utc(2026, 11, 22))
    assert intervals.next_opening(None, utc(2026, 11, 22)) is None
    assert intervals.next_closing(None, utc(2026, 11, 22)) is None


def test_the_end_minute_is_no_longer_open():
    office = hours(Span("09:00", "13:00", WEEK_DAYS))
    assert not intervals.is_open(office, utc(2026, 11, 23, 8, 59, 59))
    assert intervals.is_open(office, utc(2026, 11, 23, 9))
    assert intervals.is_open(office, utc(2026, 11, 23, 12, 59, 59))
    assert not intervals.is_open(office, utc(2026, 11, 23, 13))


def test_one_span_that_matches_is_enough_and_days_of_the_month_narrow_it():
    odd = hours(
        Span("09:00", "12:00", month_days=(1, 15)), Span("20:00", "22:00", (6,), months=(11,))
    )
    assert intervals.is_open(odd, utc(2026, 11, 15, 10))  # a Sunday, by its first span
    assert intervals.is_open(odd, utc(2026, 11, 22, 21))  # by its second
    assert not intervals.is_open(odd, utc(2026, 11, 22, 10))
    assert not intervals.is_open(odd, utc(2026, 12, 6, 21))


def test_a_span_past_midnight_belongs_to_the_day_it_starts_on():
    friday_night = hours(Span("22:00", "06:00", (4,)))
    assert intervals.is_open(friday_night, utc(2026, 11, 27, 23))
    assert intervals.is_open(friday_night, utc(2026, 11, 28, 5, 59))
    assert not intervals.is_open(friday_night, utc(2026, 11, 28, 6))
    assert not intervals.is_open(friday_night, utc(2026, 11, 27, 3))
    assert intervals.next_closing(friday_night, utc(2026, 11, 27, 23)) == utc(2026, 11, 28, 6)


def test_a_holiday_closes_what_starts_on_it():
    office = hours(
        Span("09:00", "17:00"),
        holidays=(off(date(2026, 12, 24)), off(date(2020, 12, 25), yearly=True)),
    )
    assert intervals.next_opening(office, utc(2026, 12, 23, 18)) == utc(2026, 12, 26, 9)
    assert intervals.is_open(office, utc(2027, 12, 24, 10))
    assert not intervals.is_open(office, utc(2027, 12, 25, 10))


def test_an_always_open_interval_still_has_its_holidays():
    always = hours(Span("00:00", "00:00", always=True), holidays=(off(date(2026, 12, 25), True),))
    assert intervals.next_closing(always, utc(2026, 11, 22)) == utc(2026, 12, 25)
    assert intervals.next_opening(always, utc(2026, 11, 22)) == utc(2026, 12, 26)


def test_opening_hours_keep_to_the_clock_on_the_wall_when_it_is_changed():
    rome = hours(Span("09:00", "17:00"), zone="Europe/Rome")
    assert intervals.next_opening(rome, utc(2026, 3, 28, 12)) == utc(2026, 3, 28 + 1, 7)
    assert intervals.next_opening(rome, utc(2026, 3, 27, 12)) == utc(2026, 3, 28, 8)


def test_a_start_that_the_clock_leaves_out_in_spring_is_the_change_itself():
    early = hours(Span("02:30", "05:00"), zone="Europe/Rome")
    change = utc(2026, 3, 29, 1)  # 02:00 becomes 03:00
    assert intervals.next_opening(early, change - timedelta(hours=3)) == change
    assert not intervals.is_open(early, change - MINUTE)


def test_an_hour_that_the_clock_repeats_in_autumn_counts_twice():
    night = hours(Span("02:00", "02:30"), zone="Europe/Rome")
    first = local("Europe/Rome", 2026, 10, 25, 2)
    assert intervals.next_opening(night, first - MINUTE) == first
    assert intervals.next_closing(night, first) == first + 30 * MINUTE
    assert intervals.next_opening(night, first) == first + 60 * MINUTE


def test_the_29_of_february_is_found_years_ahead_and_the_30_is_never():
    leap = hours(Span("09:00", "10:00", month_days=(29,), months=(2,)))
    never = hours(Span("09:00", "10:00", month_days=(30,), months=(2,)))
    assert intervals.next_opening(leap, utc(2096, 3, 1)) == utc(2104, 2, 29, 9)
    assert intervals.next_opening(never, utc(2026, 1, 1)) is None


def test_what_has_no_span_never_opens_and_what_has_no_gap_never_closes():
    assert not intervals.is_open(hours(), utc(2026, 11, 22))
    assert intervals.next_opening(hours(), utc(2026, 11, 22)) is None
    for always in (Span("", "", always=True), Span("00:00", "24:00")):
        assert intervals.next_closing(hours(always), utc(2026, 11, 22)) is None


def test_open_for_longer_than_a_week_is_told_as_a_week():
    always = hours(Span("", "", always=True))
    now = utc(2026, 11, 22, 12)
    assert intervals.opened_at(always, now) == intervals.opened_at(None, now)
    assert intervals.opened_at(always, now) == now - timedelta(days=7)


# Zones whose changes are awkward: half an hour, at midnight, back across midnight, a day left out.
AWKWARD = (
    ("Europe/Rome", (utc(2026, 3, 29, 1), utc(2026, 10, 25, 1))),
    ("America/New_York", (utc(2026, 3, 8, 7), utc(2026, 11, 1, 6))),
    ("Australia/Lord_Howe", (utc(2026, 4, 4, 15), utc(2026, 10, 3, 15, 30))),
    ("America/Havana", (utc(2026, 3, 8, 5), utc(2026, 11, 1, 5))),
    ("Asia/Beirut", (utc(2026, 3, 28, 22), utc(2026, 10, 24, 21))),
    ("America/St_Johns", (utc(2009, 3, 8, 3, 31), utc(2009, 11, 1, 2, 31))),
    ("Pacific/Apia", (utc(2011, 12, 30, 10),)),
    ("Asia/Kathmandu", (utc(2028, 2, 28, 18, 15),)),  # no change; a leap day begins
)
clocks = st.integers(0, 24 * 4 - 1).map(lambda n: f"{n // 4:02d}:{n % 4 * 15:02d}")
some = lambda *range_: st.lists(st.integers(*range_), max_size=3).map(tuple)  # noqa: E731
spans = st.builds(
    Span,
    starts=clocks,
    ends=st.one_of(clocks, st.just("24:00")),
    week_days=some(0, 6),
    month_days=st.one_of(st.just(()), some(1, 31), st.just((28, 29, 30, 31, 1, 8, 25))),
    months=st.one_of(st.just(()), some(1, 12)),
    always=st.integers(0, 9).map(lambda n: n == 0),
)
moments = st.sampled_from(AWKWARD).flatmap(
    lambda one: st.tuples(st.just(one[0]), st.sampled_from(one[1]))
)


def by_brute_force(schedule, moment):
    """The rule read aloud, for one minute of the clock on the wall."""
    wall = moment.astimezone(ZoneInfo(schedule.time_zone))
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    clock = f"{wall:%H:%M}"

    def works(span, day):
        free = any(
            one.day == day or (one.yearly and f"{one.day:%m%d}" == f"{day:%m%d}")
            for one in schedule.holidays
        )
        return not free and (
            span.always
            or (day.weekday() in (span.week_days or range(7)))
            and (day.day in (span.month_days or range(32)))
            and (day.month in (span.months or range(13)))
        )

    def holds(span):
        if span.always:
            return works(span, today)
        if span.starts < span.ends:
            return works(span, today) and span.starts <= clock < span.ends
        return (works(span, today) and clock >= span.starts) or (
            works(span, yesterday) and clock < span.ends
        )

    return any(holds(span) for span in schedule.spans)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    where=moments,
    spans=st.lists(spans, max_size=3),
    free=st.lists(st.tuples(st.integers(-2, 2), st.booleans()), max_size=2),
    start=st.integers(-30 * 60, 0),
)
def test_every_minute_around_a_change_of_the_clock_is_as_counted_by_hand(where, spans, free, start):
    zone, change = where
    day = change.astimezone(ZoneInfo(zone)).date()
    holidays = tuple(off(day + timedelta(days=n), yearly) for n, yearly in free)
    schedule = hours(*spans, zone=zone, holidays=holidays)
    begin = change + start * MINUTE
    minutes = [begin + n * MINUTE for n in range(60 * 54)]
    expected = [by_brute_force(schedule, one) for one in minutes]
    assert [intervals.is_open(schedule, one) for one in minutes] == expected

    turns = [n for n in range(1, len(minutes)) if expected[n] != expected[n - 1]]
    opening = next((minutes[n] for n in turns if expected[n]), None)
    closing = next((minutes[n] for n in turns if not expected[n]), None)
    for found, wanted in (
        (intervals.next_opening(schedule, begin), opening),
        (intervals.next_closing(schedule, begin), closing),
    ):
        if wanted is not None:
            assert found == wanted
        else:
            assert found is None or found > minutes[-1]
    if turns and expected[-1]:
        since = [minutes[n] for n in turns if expected[n]]
        assert not since or intervals.opened_at(schedule, minutes[-1]) == since[-1]
