"""Sinch's error bodies and report reasons as refusals and faults.

Three shapes are known, and none is promised for an endpoint: Google's {"error": {…}}, a problem
{type, title, detail, status}, and the flat {code, message}.
"""

from email.utils import parsedate_to_datetime

from ..base import OutcomeUnknown, ProviderError, ProviderFault
from ..http import Answer
from ..meta.meanings import MEANINGS as META_MEANINGS
from ..meta.meanings import meaning_of
from ..reading import clean, dict_of, number_of, text_of
from .meanings import (
    ANSWERS,
    BY_NUMBER,
    DOUBTFUL,
    INACTIVE_SENDER,
    REASONS,
    UNKNOWN_ANSWER,
    UNKNOWN_REASON,
    Meaning,
)


def fault_of(reason) -> ProviderFault:
    """The reason in a delivery report; WhatsApp's own number tells more where there is one."""
    reason = dict_of(reason)
    code, channel_code = text_of(reason.get("code")), text_of(reason.get("channel_code"))
    meaning = REASONS.get(code, UNKNOWN_REASON)
    if text_of(reason.get("sub_code")) == "INACTIVE_SENDER":
        meaning = INACTIVE_SENDER
    if channel_code.isdecimal() and int(channel_code[:9]) in META_MEANINGS:
        code, meaning = channel_code, meaning_of(channel_code)
    return ProviderFault(
        code=code or "FAILED",
        title=text_of(reason.get("code")),
        detail=text_of(reason.get("description")),
        permanent=meaning.permanent,
        reason=meaning.reason,
        action=meaning.action,
    )


def refusal(answer: Answer) -> ProviderError | None:
    """What Sinch's own error body says, or 429 from whoever; None where neither is there.

    Raises OutcomeUnknown where Sinch itself says that it does not know.
    """
    if answer.status < 400:
        return None
    error = _error_of(answer)
    if error is None:
        return None
    word = _word(error, answer.status)
    if word in DOUBTFUL or answer.status == 504:
        raise OutcomeUnknown(f"Sinch does not know what became of it ({word})")
    return _as_error(ANSWERS.get(word) or _by_number(answer.status), word, answer, error)


def token_refusal(answer: Answer) -> ProviderError:
    """The message has not left when the token was refused, so nothing is doubtful here."""
    error = dict_of(answer.data)
    word = text_of(error.get("error")) or str(answer.status)
    if answer.status in (400, 401, 403):
        return _as_error(ANSWERS["UNAUTHENTICATED"], word, answer, error)
    meaning = ANSWERS["RESOURCE_EXHAUSTED" if answer.status == 429 else "UNAVAILABLE"]
    refused = _as_error(meaning, word, answer, error)
    refused.account_wide = True
    return refused


def _error_of(answer):
    """Sinch's own error object, {} for what needs none to be a refusal, None if there is none."""
    data = dict_of(answer.data)
    if isinstance(data.get("error"), dict):
        return data["error"]
    if answer.status >= 500:
        return None  # flat bodies come from gateways too, and the request may be behind them
    if any(text_of(data.get(name)) for name in ("message", "title", "detail", "errorCode")):
        return data
    # A refused token is told by the header as well, as RFC 9110 demands.
    told = answer.status == 429 or (answer.status == 401 and "www-authenticate" in answer.headers)
    return {} if told else None


def _word(error, status):
    word = text_of(error.get("status"))
    if word.replace("_", "").isalpha():
        return word.upper()
    return BY_NUMBER.get(status, str(status))


def _by_number(status) -> Meaning:
    return ANSWERS["UNAVAILABLE"] if status >= 500 else UNKNOWN_ANSWER


def _as_error(meaning, word, answer, error):
    return ProviderError(
        meaning.reason,
        permanent=meaning.permanent,
        code=word[:60],
        retry_after=_hint(answer) if not meaning.permanent else None,
        action=meaning.action,
        raw=clean({**error, "detail": _detail_of(error)}),
        account_wide=meaning.account_wide,
        auth=meaning.auth,
    )


def _detail_of(error):
    names = ("detail", "message", "title", "error_description")
    return next((text_of(error[name]) for name in names if text_of(error.get(name))), "")


def _hint(answer):
    """Seconds to wait as the answer says: a number, or a date."""
    given = answer.headers.get("retry-after", "")
    seconds = number_of(given)
    if seconds is None:
        seconds = _seconds_until(given, answer.headers.get("date", ""))
    return seconds if seconds and seconds > 0 else None


def _seconds_until(moment, now):
    try:
        return (parsedate_to_datetime(moment) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError):
        return None
