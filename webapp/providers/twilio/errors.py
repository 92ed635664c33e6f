"""Twilio's error answers and error codes as refusals and faults."""

from ..base import ProviderError, ProviderFault
from ..http import Answer
from ..meanings import AGAIN, Kind, Meaning
from ..reading import clean, dict_of, number_of, text_of
from .meanings import MEANINGS, meaning_of

LATER = "Send it again in a while."
AUTHENTICATION, TOO_MANY, INTERNAL = "20003", "20429", "20500"


def fault_of(code, message="", detail="") -> ProviderFault:
    """Why a message failed, as a status callback or a message's own record gives it."""
    meaning = meaning_of(code)
    # Nothing sends a message again that failed after it was taken.
    action = LATER if meaning.action == AGAIN else meaning.action
    return ProviderFault(
        code=text_of(code),
        title=text_of(message),
        detail=text_of(detail),
        permanent=meaning.permanent,
        reason=meaning.reason,
        action=action,
    )


def refusal(answer: Answer) -> ProviderError | None:
    """What Twilio's own error body says, or 401 and 429 from whoever; None where none is there."""
    data = dict_of(clean(answer.data))
    code = text_of(data.get("code"))
    if 200 <= answer.status < 400 or not (code and number_of(code) is not None):
        code = {401: AUTHENTICATION, 429: TOO_MANY}.get(answer.status, "")
        if not code:
            return None
    if answer.status == 401:
        # Whatever the code says, a refused login is one.
        return _error(MEANINGS[int(AUTHENTICATION)], code, data)
    temporary = answer.status >= 500 or answer.status == 429
    return _error(meaning_of(code, temporary), code, data, _hint(answer))


def failure(code, message, raw) -> ProviderError:
    """Twilio took the message and failed it in the same answer."""
    return _error(meaning_of(code), text_of(code), {**raw, "message": text_of(message)})


def _error(meaning: Meaning, code, data, retry_after=None):
    return ProviderError(
        meaning.reason,
        permanent=meaning.permanent,
        code=code,
        retry_after=retry_after or meaning.retry_after,
        action=meaning.action,
        raw={**data, "detail": text_of(data.get("message"))},
        account_wide=meaning.whole_account,
        max_attempts=meaning.max_attempts,
        auth=meaning.kind is Kind.TOKEN,
    )


def _hint(answer):
    seconds = number_of(answer.headers.get("retry-after"))
    return seconds if seconds and seconds > 0 else None
