"""Is it open at this moment: one answer for routing, campaigns, service level and alarms.

An interval is a row of `Interval`, or what `opening_hours` reads from a line; None is always open.
Its spans are what the clock on the wall of its time zone shows: an hour that the clock repeats in
autumn counts twice, one that it leaves out in spring not at all. Ends are exclusive. A span past
midnight belongs to the day it starts on, and so does the holiday that closes it.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 24 * 60  # minutes
ONE_DAY = timedelta(days=1)
HORIZON = 8 * 366  # days: whatever comes at all, comes again with the next 29 February
LOOKED_BACK = timedelta(days=7)
MOMENT = timedelta(microseconds=1)


def is_open(interval, at):
    if interval is None:
        return True
    local = at.astimezone(_zone(interval))
    minute = local.hour * 60 + local.minute
    return any(starts <= minute < ends for starts, ends in hours_of(interval, local.date()))


def next_opening(interval, at):
    """When it turns open the next time after `at`; None where it never does."""
    return _next(interval, at, opens=True)


def next_closing(interval, at):
    """When it turns closed the next time after `at`; None where it never does."""
    return _next(interval, at, opens=False)


def opened_at(interval, at):
    """Since when it is open, a week ago at most; None while it is closed."""
    if not is_open(interval, at):
        return None
    earliest = at - LOOKED_BACK
    if interval is None or _is_constant(interval):
        return earliest
    moments = [one for one in _moments(interval, earliest, until=at) if _turns(interval, one, True)]
    return moments[-1] if moments else earliest


def hours_of(interval, day):
    """When the day is open by its own clock: [(from, until)] in minutes, in order, disjoint."""
    spans = [
        *_starting(interval, day),
        *((0, ends - DAY) for _, ends in _starting(interval, day - ONE_DAY) if ends > DAY),
    ]
    return _joined([(starts, min(ends, DAY)) for starts, ends in spans])


def is_holiday(interval, day):
    return any(
        holiday.day == day
        or (holiday.yearly and (holiday.day.month, holiday.day.day) == (day.month, day.day))
        for holiday in interval.holidays
    )


def _starting(interval, day):
    """The spans that start on this day; one past midnight ends beyond 24:00."""
    if is_holiday(interval, day):
        return
    for span in interval.spans:
        if span.always:
            yield 0, DAY
        elif _falls_on(span, day):
            starts, ends = minutes(span.starts), minutes(span.ends)
            yield starts, ends if ends > starts else ends + DAY


def _falls_on(span, day):
    return (
        (not span.week_days or day.weekday() in span.week_days)
        and (not span.month_days or day.day in span.month_days)
        and (not span.months or day.month in span.months)
    )


def minutes(clock):
    """09:30 as minutes since midnight; 24:00 is the end of the day."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def _joined(spans):
    joined = []
    for starts, ends in sorted(spans):
        if joined and starts <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(ends, joined[-1][1]))
        elif starts < ends:
            joined.append((starts, ends))
    return joined


def _next(interval, at, opens):
    if interval is None or _is_constant(interval):
        return None
    skipped = [] if opens else [(0, DAY)]
    return next(
        (one for one in _moments(interval, at, skipped) if _turns(interval, one, opens)), None
    )


def _is_constant(interval):
    """Whether it never turns: without spans, or open day and night without a day off."""
    every_minute = any(_is_every_minute(span) for span in interval.spans)
    return not interval.spans or (every_minute and not interval.holidays)


def _is_every_minute(span):
    chosen = span.week_days or span.month_days or span.months
    return span.always or (not chosen and (span.starts, span.ends) == ("00:00", "24:00"))


def _turns(interval, moment, opens):
    return is_open(interval, moment) is opens and is_open(interval, moment - MOMENT) is not opens


def _moments(interval, after, skipped=None, until=None):
    """Every moment from then on at which it might turn, in order.

    Days that look like `skipped` from end to end cannot hold the one looked for.
    """
    zone = _zone(interval)
    day = after.astimezone(zone).date() - ONE_DAY
    for _ in range(HORIZON):
        begins, ends = _instant(day, 0, zone), _instant(day + ONE_DAY, 0, zone)
        if until is not None and begins > until:
            return
        hours = hours_of(interval, day)
        if begins <= after or hours != skipped or _shifts(begins, ends, zone):
            for moment in _moments_of(interval, day, begins, ends, zone):
                if after < moment and (until is None or moment <= until):
                    yield moment
        day += ONE_DAY


def _moments_of(interval, day, begins, ends, zone):
    if not _shifts(begins, ends, zone):
        return [_instant(day, minute, zone) for minute in _turning_minutes(interval, day)]
    # The clock is changed: both sides of it, and the change itself, which may swallow a start.
    around = (day - ONE_DAY, day, day + ONE_DAY)
    moments = {
        _instant(one, minute, zone, fold)
        for one in around
        for minute in _turning_minutes(interval, one)
        for fold in (0, 1)
    }
    moments.add(_shift(begins, ends, zone))
    return sorted(moment for moment in moments if begins <= moment < ends)


def _turning_minutes(interval, day):
    hours = hours_of(interval, day)
    return sorted({0, *(minute for span in hours for minute in span if minute < DAY)})


def _shifts(begins, ends, zone):
    return _offset(begins, zone) != _offset(ends, zone)


def _shift(begins, ends, zone):
    """The second from which the clock differs from what it showed when the day began."""
    before = _offset(begins, zone)
    while ends - begins > timedelta(seconds=1):
        middle = begins + timedelta(seconds=(ends - begins).total_seconds() // 2)
        if _offset(middle, zone) == before:
            begins = middle
        else:
            ends = middle
    return ends


def _instant(day, minute, zone, fold=0):
    local = datetime.combine(day, time(minute // 60, minute % 60), zone).replace(fold=fold)
    return local.astimezone(UTC)


def _offset(moment, zone):
    return moment.astimezone(zone).utcoffset()


def _zone(interval):
    return ZoneInfo(interval.time_zone)
