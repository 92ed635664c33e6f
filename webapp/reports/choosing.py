"""What a report is asked about: kept in the address, so that it can be sent to a colleague."""

from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from webapp.analytics import periods
from webapp.columns import id_of
from webapp.settings.zone import time_zone

PERIODS = {"today": "Today", "week": "Last 7 days", "month": "Last 30 days", "own": "Own"}
LENGTHS = {"today": 1, "week": 7, "month": 30}
MOST_DAYS = 400
FILTERS = ("account", "queue", "agent", "campaign", "disposition", "tag")


class Choice(NamedTuple):
    """Local dates, both included; ids, or None for all. `led`: the queues whose figures whoever
    asks may see, None for all; of who asks, never of the address."""

    first: date
    last: date
    zone: str
    period: str = "own"
    account: int | None = None
    queue: int | None = None
    agent: int | None = None
    campaign: int | None = None
    tag: int | None = None
    disposition: int | None = None
    led: tuple | None = None

    @property
    def queues(self):
        """The ids of the queues it is about; None: all."""
        if self.queue is None:
            return self.led
        return (self.queue,) if self.led is None or self.queue in self.led else ()

    @property
    def span(self):
        """From this moment until before that one."""
        return periods.span(self.first, self.last, self.zone)

    def local(self, moment):
        """As the clock of its zone shows it."""
        return moment.astimezone(ZoneInfo(self.zone))

    @property
    def before(self):
        """The same number of days right before it."""
        length = (self.last - self.first).days + 1
        days = timedelta(days=length)
        return self._replace(first=self.first - days, last=self.last - days, period="own")

    @property
    def is_narrowed(self):
        return any(getattr(self, name) for name in FILTERS)

    def address(self, **changes):
        """The parameters of the page that shows this, without what goes by itself."""
        new = self._replace(**changes)
        found = {name: getattr(new, name) for name in FILTERS if getattr(new, name)}
        if new.period == "own":
            found |= {"first": new.first.isoformat(), "last": new.last.isoformat()}
        if new.period != "week":
            found["period"] = new.period
        if new.zone != time_zone():
            found["zone"] = new.zone
        return found


def read(arguments, now, led=None):
    """From an address; what it does not say, or says wrongly, is as it goes by itself."""
    zone = arguments.get("zone")
    zone = zone if zone in available_timezones() else time_zone()
    today = periods.today(now, zone)
    period = arguments.get("period")
    period = period if period in PERIODS else "week"
    first, last = _days(arguments, period, today)
    ids = {name: id_of(str(arguments.get(name) or "")) for name in FILTERS}
    return Choice(first, last, zone, period, **ids, led=led)


def _days(arguments, period, today):
    if period != "own":
        return today - timedelta(days=LENGTHS[period] - 1), today
    last = periods.written(arguments.get("last")) or today
    first = periods.written(arguments.get("first")) or last - timedelta(days=6)
    first, last = min(first, last), max(first, last)
    return max(first, last - timedelta(days=MOST_DAYS - 1)), last
