"""Kaleyra's refusals: an object keyed by the faulty parameter, a code with a text, or a status."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ..base import ProviderError
from ..events import ProviderFault
from ..http import Answer
from ..reading import clean, dict_of, list_of, number_of, text_of
from .meanings import (
    CREDENTIALS,
    NOT_FOUND,
    OUTAGE,
    PARAMETERS,
    TOO_MANY,
    WORDING,
    Meaning,
    known_meaning,
)

_FINE = {"", "200", "202", "WA200", "WA202"}
_LONGEST_TEXT = 200
_NO_REASON = Meaning("Kaleyra did not hand the message over and gave no reason", WORDING)


def fault_of(code, title="", detail="") -> ProviderFault:
    """Why a receipt says that the message failed."""
    code, title, detail = (text_of(part).strip() for part in (code, title, detail))
    meaning = known_meaning(code)
    if meaning is None:
        text = detail or title
        meaning = Meaning(f"Kaleyra: {_short(text)}", WORDING) if text else _NO_REASON
    return ProviderFault(code, title, detail, meaning.permanent, meaning.reason, meaning.action)


def refusal(answer: Answer) -> ProviderError | None:
    """What the answer's own error says, or its status where that alone is a refusal; None where
    the call went through or nobody knows."""
    data = dict_of(clean(answer.data))
    code, text, parameter = _told(data, answer.status)
    meaning = _meaning(answer.status, data, code, text, parameter)
    if meaning is None:
        return None
    hint = _hint(answer) or meaning.retry_after
    return ProviderError(
        meaning.reason,
        permanent=meaning.permanent,
        code=code or str(answer.status),
        retry_after=_until_tomorrow() if meaning.until_tomorrow else hint,
        action=meaning.action,
        raw={**data, "detail": text},
        account_wide=meaning.account_wide,
        max_attempts=meaning.max_attempts,
        auth=meaning.auth,
        of_template=meaning.of_template,
        stops_campaigns=meaning.stops_campaigns,
    )


def _told(data, status):
    """The error's code, text and faulty parameter; each may be missing."""
    outer = _code(data.get("code"), status)
    error = data.get("error") or next(iter(list_of(data.get("errors"))), None)
    if not isinstance(error, dict):
        return outer, text_of(error) or text_of(data.get("message")), ""
    if "code" in error or "message" in error:
        text = text_of(dict_of(error.get("error_data")).get("details")) or error.get("message")
        code = _code(error.get("code"), status) or outer
        return code, text_of(text) or text_of(error.get("title")), ""
    name, fault = next(iter(error.items()))
    first = next(iter(list_of(fault)), fault)
    return outer, text_of(first) or text_of(data.get("message")), name


def _code(value, status):
    """The status once more, or a word for success, is no code."""
    code = text_of(value).strip()
    return "" if code.upper() in _FINE or code == str(status) else code


def _meaning(status, data, code, text, parameter):
    told = bool(code or parameter)
    if 200 <= status < 300 and not (told or data.get("error") or data.get("errors")):
        return None
    if status == 429:
        return TOO_MANY
    if 300 <= status < 400 or status == 408 or (status >= 500 and not told):
        return None  # some gateway's own: the message may have left behind it
    if parameter == "api-key":
        return CREDENTIALS
    known = known_meaning(code, temporary=status >= 500)
    if known:
        return _explained(known, text) if code.upper() == "WA400" else known
    return OUTAGE if status >= 500 else _by_status(status, text, parameter)


def _by_status(status, text, parameter):
    if status in (401, 403):
        return CREDENTIALS
    if status == 404:
        return NOT_FOUND
    if parameter:
        what = PARAMETERS.get(parameter, f"“{_short(parameter)}”")
        reason = f"Kaleyra refused {what}" + (f": {_short(text)}" if text else "")
        return Meaning(reason, WORDING, account_wide=parameter == "from")
    return _explained(Meaning("Kaleyra refused the message", WORDING), text)


def _explained(meaning, text):
    return replace(meaning, reason=f"{meaning.reason}: {_short(text)}") if text else meaning


def _short(text):
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _hint(answer):
    """Seconds to wait, as a number or a date; without one an account waits its usual pause."""
    given = answer.headers.get("retry-after")
    seconds = number_of(given)
    if seconds is None and given:
        try:
            seconds = (parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return seconds if seconds and seconds > 0 else None


def _until_tomorrow():
    now = datetime.now(UTC)
    return ((now + timedelta(days=1)).replace(hour=0, minute=5, second=0) - now).total_seconds()
