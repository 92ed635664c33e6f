"""How times, waits, names and numbers are put on screen."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from flask import g, has_request_context, request

from webapp.columns import utcnow

HUES = 8
WEEK = timedelta(days=6)


def init_app(app):
    app.jinja_env.filters.update(
        clock=clock,
        clock_second=clock_second,
        day=day,
        date=date,
        moment=moment,
        moment_of=datetime.fromisoformat,
        second=second,
        soon=soon,
        exactly=exactly,
        short_date=short_date,
        span=span,
        initials=initials,
        hue=hue,
        phone=phone,
        first_name=first_name,
    )
    app.jinja_env.globals.update(now=utcnow)


def zone():
    """The browser's time zone, which its page told us in a cookie."""
    if not has_request_context():
        return ZoneInfo("UTC")
    if "zone" not in g:
        g.zone = _zone(request.cookies.get("zone", ""))
    return g.zone


def clock(at):
    """10:42"""
    return f"{at.astimezone(zone()):%H:%M}" if at else ""


def clock_second(at):
    """10:42:07"""
    return f"{at.astimezone(zone()):%H:%M:%S}"


def local_day(at):
    return at.astimezone(zone()).date()


def day(at, now=None):
    """Today, Yesterday, Friday 20 November; with the year once it is another one."""
    date, today = local_day(at), local_day(now or utcnow())
    if date == today:
        return "Today"
    if date == today - timedelta(days=1):
        return "Yesterday"
    words = f"{date:%A} {date.day} {date:%B}"
    return words if date.year == today.year else f"{words} {date.year}"


def date(at):
    """3 Nov 2026"""
    local = local_day(at)
    return f"{local.day} {local:%b %Y}"


def short_date(at, now=None):
    """10:42 today; Sat within a week; 3 Nov, and 3 Nov 2025 in another year."""
    date, today = local_day(at), local_day(now or utcnow())
    if date == today:
        return clock(at)
    if timedelta(0) < today - date <= WEEK:
        return f"{date:%a}"
    words = f"{date.day} {date:%b}"
    return words if date.year == today.year else f"{words} {date.year}"


def moment(at, now=None):
    """today at 10:42; on Saturday at 09:12; on 3 Nov at 10:42"""
    date, today = local_day(at), local_day(now or utcnow())
    if date == today:
        return f"today at {clock(at)}"
    if date == today + timedelta(days=1):
        return f"tomorrow at {clock(at)}"
    if timedelta(0) < today - date <= WEEK:
        return f"on {date:%A} at {clock(at)}"
    year = "" if date.year == today.year else f" {date.year}"
    return f"on {date.day} {date:%b}{year} at {clock(at)}"


def soon(at, now=None):
    """14:00 today; Mon 14:00 within a week; 3 Dec 14:00 later: for what is yet to come"""
    date, today = local_day(at), local_day(now or utcnow())
    if date == today:
        return clock(at)
    if timedelta(0) < date - today <= WEEK:
        return f"{date:%a} {clock(at)}"
    year = "" if date.year == today.year else f" {date.year}"
    return f"{date.day} {date:%b}{year} {clock(at)}"


def second(at, now=None):
    """22 Nov 10:42:07; with the year once it is another one"""
    local = at.astimezone(zone())
    year = "" if local.year == local_day(now or utcnow()).year else f" {local.year}"
    return f"{local.day} {local:%b}{year} {local:%H:%M:%S}"


def exactly(at):
    """22 Nov 2026, 10:42:07.114: to compare moments that lie close together"""
    local = at.astimezone(zone())
    return f"{local.day} {local:%b %Y, %H:%M:%S}.{local.microsecond // 1000:03}"


def span(seconds):
    """48 s, 2 m 10 s, 9 m, 23 h 58 m, 3 d 4 h: seconds only where they matter."""
    seconds = max(0, int(seconds.total_seconds() if hasattr(seconds, "total_seconds") else seconds))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 600:
        return f"{seconds // 60} m {seconds % 60:02} s"
    if seconds < 3600:
        return f"{seconds // 60} m"
    if seconds < 86_400:
        return f"{seconds // 3600} h {seconds % 3600 // 60} m"
    return f"{seconds // 86_400} d {seconds % 86_400 // 3600} h"


def target(seconds):
    """2 m, 1 m 30 s: a target is said without empty parts."""
    minutes, rest = divmod(int(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} m" if not rest else f"{minutes} m {rest} s"


def initials(name):
    """DW for Dana Whitlock, +5 for a bare number."""
    words = name.split()
    if not words:
        return "?"
    if words[0][0] == "+" or words[0][0].isdigit():
        return name[:2]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def first_name(name):
    """How a sentence names a customer; a number or a user name stays whole."""
    words = name.split()
    if not words or words[0][0] in "+@" or words[0][0].isdigit():
        return name
    return words[0]


def hue(number):
    """One of the eight avatar colours, always the same for the same person."""
    return (number or 0) * 5 % HUES + 1


def phone(text):
    """+1 555-012-3409: grouped the way its country writes it; anything else as it is."""
    if not text or not text.lstrip("+").isdigit():
        return text or ""
    try:
        number = phonenumbers.parse("+" + text.lstrip("+"))
    except phonenumbers.NumberParseException:
        return text
    grouped = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return grouped.replace("-", " ")


def _zone(name):
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return ZoneInfo("UTC")
