"""Reading JSON that strangers wrote: whatever it holds, the caller gets the type it asked for."""

import json
import math
import re
from datetime import UTC, datetime

import orjson

DEEPEST = 40  # real bodies stay below 20; what lies deeper is cut off
_EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)  # WhatsApp began that year
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_MESSAGES = re.compile(rb'"messages"\s*:')  # as a name: Meta's field of receipts is "messages" too
_STATUSES = re.compile(rb'"statuses"\s*:')
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL refuses both, in text and in JSON


class NotJson(Exception):
    """The body is not JSON, or nested beyond anything a provider sends."""


def only_statuses(body: bytes) -> bool:
    """Whether a body in Meta's form holds receipts and surely no customer's message."""
    return bool(_STATUSES.search(body)) and not _MESSAGES.search(body)


def load(body: bytes):
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return clean(_read_on(body))
    return found if _is_clean(body) else clean(found)


def _is_clean(body):
    """Whether there can be nothing to clean in what orjson has read: it takes no half emojis and
    no numbers without end, and what is not deep has few brackets."""
    return b"\\u0000" not in body and body.count(b"{") + body.count(b"[") <= DEEPEST


def _read_on(body):
    # orjson refuses half emojis, stray bytes and infinite numbers, which one customer's text may
    # carry into a batch of a thousand; the standard library reads on.
    try:
        return json.loads(body.decode("utf-8", "replace"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise NotJson(type(error).__name__) from error


def clean(value, depth: int = 0):
    """A copy that any database accepts as text and as JSON."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict | list) and depth >= DEEPEST:
        return None
    if isinstance(value, dict):
        return {clean_text(str(key)): clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item, depth + 1) for item in value]
    return clean_number(value) if isinstance(value, int | float) else value


def clean_number(number):
    """Finite and within 64 bits, as orjson would have read it."""
    if isinstance(number, int) and not -(2**63) <= number < 2**64:
        number = number_of(number)
    return None if isinstance(number, float) and not math.isfinite(number) else number


def clean_text(text: str) -> str:
    if (text.isascii() and "\x00" not in text) or not _UNSTORABLE.search(text):
        return text
    return _UNSTORABLE.sub(lambda found: "" if found[0] == "\x00" else "\ufffd", text)


def dict_of(value) -> dict:
    return value if isinstance(value, dict) else {}


def list_of(value) -> list:
    return value if isinstance(value, list) else []


def text_of(value) -> str:
    """Strings and numbers as text (providers write ids as either), anything else as nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return ""


def number_of(value) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def digits_of(value) -> str:
    return "".join(sign for sign in text_of(value) if sign in "0123456789")


def moment_of(value, otherwise: datetime) -> datetime:
    """A Unix time in seconds, written as text or number."""
    seconds = number_of(value)
    try:
        return believable(datetime.fromtimestamp(seconds or 0, UTC), otherwise)
    except (ValueError, OverflowError, OSError):
        return otherwise


def believable(at: datetime, otherwise):
    """A time that something of WhatsApp's may have, in UTC; without a zone it is taken as UTC.

    The first or the last year is a time in no other zone: a database that keeps it for one could
    not give it back, and the conversation could never be shown again.
    """
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC) if _EARLIEST <= at <= _LATEST else otherwise
