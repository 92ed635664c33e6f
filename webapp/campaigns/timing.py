"""When a campaign starts and is over, and when a daily one looks again for who has come."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.campaigns.models import StartMode


def start_of(campaign, now):
    """The moment a campaign with a start time begins; ValueError where it cannot."""
    if campaign.start_at is None:
        raise ValueError("Choose when it starts.")
    if campaign.end_at and campaign.end_at <= max(campaign.start_at, now):
        raise ValueError("It would end before it starts. Choose a later end.")
    if campaign.start_at > now:
        return campaign.start_at
    if campaign.start_mode == StartMode.DAILY:
        return next_day(campaign, now)
    raise ValueError("Its start is over. Choose a later one, or start it now.")


def is_over(campaign, now):
    """Whether its end has come, though clock may not have ended it yet."""
    return campaign.end_at is not None and campaign.end_at <= now


def next_day(campaign, now):
    """The next moment after `now` at the time of day of its start, by the clock of its zone."""
    zone = ZoneInfo(zone_of(campaign))
    first = campaign.start_at.astimezone(zone)
    day = now.astimezone(zone).date()
    today = datetime.combine(day, first.time(), zone)
    return today if today > now else datetime.combine(day + timedelta(days=1), first.time(), zone)


def zone_of(campaign):
    """Whose clock counts where no contact's own does."""
    own = campaign.interval.time_zone if campaign.interval else "UTC"
    return campaign.time_zone or own
