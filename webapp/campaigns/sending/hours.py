"""Whose sending hours are open now: each recipient's zone by its own clock, or one for all."""

from datetime import UTC, datetime
from types import SimpleNamespace

from webapp.campaigns.models import ZoneMode
from webapp.campaigns.timing import zone_of
from webapp.settings import intervals

SPAN = ("always", "starts", "ends", "week_days", "month_days", "months")
HOLIDAY = ("day", "yearly")
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


class Hours:
    """A campaign's hours, read once; what they say of a zone is kept until it turns."""

    def __init__(self, campaign):
        own = campaign.interval
        self._own = own and SimpleNamespace(
            spans=[_copy(span, SPAN) for span in own.spans],
            holidays=[_copy(day, HOLIDAY) for day in own.holidays],
        )
        self._for_all = zone_of(campaign) if campaign.zone_mode == ZoneMode.FIXED else None
        self._else = zone_of(campaign)
        self._known = {}  # zone → (open, until when that is so)

    def open_zones(self, zones, now):
        """Of these those that are open, the one that closes first before the others."""
        found = [(zone, *self._state(zone, now)) for zone in zones]
        ends = {zone: until for zone, is_open, until in found if is_open}
        return sorted(ends, key=lambda zone: (ends[zone] or END_OF_TIME, zone))

    def opens_at(self, zones, now):
        """When the first of these closed zones opens; None where none ever does."""
        return min(filter(None, (self._state(zone, now)[1] for zone in zones)), default=None)

    def _state(self, zone, now):
        if self._own is None:
            return True, None
        known = self._known.get(zone)
        if known is None or (known[1] is not None and known[1] <= now):
            known = self._known[zone] = self._asked(self._for_all or zone or self._else, now)
        return known

    def _asked(self, zone, now):
        interval = SimpleNamespace(**vars(self._own), time_zone=zone)
        opened = intervals.is_open(interval, now)
        turns = intervals.next_closing if opened else intervals.next_opening
        return opened, turns(interval, now)


def _copy(row, names):
    """Free of the session that loaded it, which ends with the first claim."""
    return SimpleNamespace(**{name: getattr(row, name) for name in names})
