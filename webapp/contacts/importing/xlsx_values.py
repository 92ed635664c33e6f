"""What stands in a cell of a workbook, as the person who made it sees it."""

import re
from datetime import datetime, timedelta

_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # built-in formats
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
LAST_DAY = 2_958_466  # 31 December 9999, by the workbook's counting


def is_date(format_id, codes):
    if format_id in _DATES:
        return True
    code = codes.get(format_id, "")
    return bool(re.search(r"[ymdhs]", _LITERAL.sub("", code), re.IGNORECASE)) and (
        "general" not in code.lower()
    )


def number(text):
    """40718.0 and 4.0718E4 as 40718; sums without the last digits that binary adds."""
    if text.isdigit():
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    if value != value or value in (float("inf"), float("-inf")):
        return text
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return format(value, ".15g")


def date(text, since_1904):
    """A day counted by the workbook, as 2026-11-26 or 2026-11-26 08:00; without a day, 08:00."""
    try:
        days = float(text)
    except ValueError:
        return text
    if not 0 <= days < LAST_DAY:
        return number(text)
    if days < 1:
        moment = datetime(1900, 1, 1) + timedelta(seconds=round(days * 86_400))
        return _clock(moment)
    # The workbook's year 1900 has a 29 February.
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 if days >= 60 else 31)
    try:
        moment = start + timedelta(days=int(days), seconds=round(days % 1 * 86_400))
    except OverflowError:
        return number(text)
    if not moment.hour and not moment.minute and not moment.second:
        return f"{moment:%Y-%m-%d}".rjust(10, "0")
    return f"{moment:%Y-%m-%d} {_clock(moment)}".rjust(16, "0")


def unescaped(text):
    """_x000D_ stands for a sign that XML cannot hold."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _clock(moment):
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
