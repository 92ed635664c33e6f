"""Where the day begins for board, reports and alarms: one time zone for everybody."""

from zoneinfo import available_timezones

from webapp.settings import values

SETTING = "reporting"  # {"time_zone": an IANA name}


def time_zone():
    return values.get(SETTING, {}).get("time_zone", "UTC")


def set_time_zone(name, by):
    """From now on days begin at this zone's midnight; ValueError where there is none such."""
    if name not in available_timezones():
        raise ValueError(f"There is no time zone “{name}”; write it like Europe/Rome.")
    values.put(SETTING, {**values.get(SETTING, {}), "time_zone": name}, by)
