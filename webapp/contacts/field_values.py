"""Values of custom fields: from what people type or a file says to what is stored, and back."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit

from webapp.contacts.models import FieldKind

LONGEST_TEXT = 2000
DIGITS = 15  # as many as a number keeps on its way through JSON and a spreadsheet
YES = {"yes", "y", "true", "1", "on", "x", "ja", "oui", "si", "sí", "sim", "tak", "evet"}
NO = {"no", "n", "false", "0", "off", "-", "nein", "non", "não", "nao", "nie", "hayır"}

_ENGLISH = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_EUROPEAN = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_ONE_COMMA = re.compile(r"[+-]?\d+,\d+")

_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_NAMED = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%Y/%m/%d")
_DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d.%m.%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%d.%m.%Y", "%m/%d/%y")


def checked(field, text, day_first=True):
    """What to store for this text, None for nothing; ValueError says what is wrong with it."""
    text = ("" if text is None else str(text)).replace("\x00", "").strip()
    if not text:
        if field.required:
            raise ValueError(f"{field.name} has to be filled in.")
        return None
    match field.kind:
        case FieldKind.NUMBER:
            return _number(field, text)
        case FieldKind.SELECT:
            return _choice(field, text)
        case FieldKind.SWITCH:
            return _switch(field, text)
        case FieldKind.DATE_TIME:
            return _date_time(field, text, day_first)
        case FieldKind.URL:
            return _link(field, text)
    return _text(field, text)


def shown(field, value):
    """A stored value for people and for files; `checked` takes it back."""
    if value is None:
        return ""
    match field.kind:
        case FieldKind.SWITCH if isinstance(value, bool):
            return "Yes" if value else "No"
        case FieldKind.NUMBER if isinstance(value, int | float):
            return format(Decimal(repr(value)), "f")
        case FieldKind.DATE_TIME:
            return _shown_time(str(value))
    return str(value)


def _text(field, text):
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{field.name} may have {LONGEST_TEXT:,} characters, not {len(text):,}.")
    return text


def _number(field, text):
    plain = re.sub(r"[\s\u00a0\u202f'’]", "", text).replace("\u2212", "-")
    if _ENGLISH.fullmatch(plain) and _ONE_COMMA.fullmatch(plain):
        bare = plain.replace(",", "")
        raise ValueError(
            f"{field.name}: “{text}” can be {bare} or {plain.replace(',', '.')}. "
            "Write it without the comma."
        )
    if _ENGLISH.fullmatch(plain):
        plain = plain.replace(",", "")
    elif _EUROPEAN.fullmatch(plain) and ("," in plain or plain.count(".") > 1):
        plain = plain.replace(".", "").replace(",", ".")
    elif _ONE_COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    if not plain.isascii() or not _PLAIN.fullmatch(plain):
        raise ValueError(f"{field.name}: “{_cut(text)}” is not a number.")
    number = Decimal(plain)
    if len(number.normalize().as_tuple().digits) > DIGITS or abs(number.adjusted()) > DIGITS:
        raise ValueError(f"{field.name}: a number keeps {DIGITS} digits; “{_cut(text)}” has more.")
    return int(number) if number == number.to_integral_value() else float(number)


def _choice(field, text):
    for choice in field.choices:
        if choice.casefold() == text.casefold():
            return choice
    raise ValueError(
        f"{field.name}: “{_cut(text)}” is not one of its choices: {_cut(', '.join(field.choices))}."
    )


def _switch(field, text):
    word = text.casefold()
    if word in YES or word in NO:
        return word in YES
    raise ValueError(f"{field.name}: write yes or no, not “{_cut(text)}”.")


def _date_time(field, text, day_first):
    moment, has_clock = _read_time(" ".join(text.split()), day_first)
    if moment is None:
        raise ValueError(
            f"{field.name}: “{_cut(text)}” is not a date and time such as 26 Nov 2026 08:00."
        )
    if not has_clock:
        return moment.date().isoformat()
    if moment.tzinfo is not None:
        moment = _to_utc(field, moment)
    return moment.isoformat(timespec="seconds")


def _read_time(text, day_first):
    """(moment, whether it names a time of day); (None, False) for what is neither."""
    zone = UTC if text.endswith(" UTC") else None
    text = text.removesuffix(" UTC")
    if re.match(r"\d{4}-\d\d-\d\d", text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None, False
        return (moment.replace(tzinfo=zone) if zone else moment), len(text) > 10
    numeric = _DAY_FIRST if day_first else _MONTH_FIRST
    for clock in _CLOCKS:
        for date in (*_NAMED, *numeric):
            try:
                moment = datetime.strptime(text, date + clock)
            except ValueError:
                continue
            return moment.replace(tzinfo=zone), bool(clock)
    return None, False


def _to_utc(field, moment):
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{field.name}: this time is at the end of the calendar.") from None


def _shown_time(value):
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    day = f"{moment.day} {moment:%b} {moment.year:04d}"
    if len(value) == 10:
        return day
    clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return f"{day} {clock}" + (" UTC" if moment.tzinfo else "")


def _link(field, text):
    address = text if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", text) else f"https://{text}"
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", None
    known = parts is not None and parts.scheme.lower() in ("http", "https")
    if not known or ("." not in host and host != "localhost") or re.search(r"\s", address):
        raise ValueError(f"{field.name}: “{_cut(text)}” is not a web address.")
    if len(address) > LONGEST_TEXT:
        raise ValueError(f"{field.name}: a web address may have {LONGEST_TEXT:,} characters.")
    return address


def _cut(text, length=60):
    return text if len(text) <= length else text[: length - 1] + "…"
