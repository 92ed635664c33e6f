"""Meta's error objects as faults and refusals."""

from ..base import ProviderError, ProviderFault
from ..http import Answer
from ..meanings import AGAIN, Kind
from ..reading import clean, dict_of, number_of, text_of
from .meanings import MEANINGS, is_of_template, meaning_of

USAGE = "x-business-use-case-usage"


def fault_of(error) -> ProviderFault:
    """One error object as it stands in a webhook."""
    error = dict_of(error)
    meaning = meaning_of(error.get("code"), temporary=error.get("is_transient") is True)
    return ProviderFault(
        code=text_of(error.get("code")),
        title=text_of(error.get("title")) or text_of(error.get("message")),
        detail=_detail_of(error),
        permanent=meaning.permanent,
        reason=meaning.reason,
        action=meaning.action,
    )


def refusal(answer: Answer) -> ProviderError | None:
    """What Meta's own error body says, or 429 from whoever; None where neither is there."""
    error = dict_of(answer.data).get("error")
    if not isinstance(error, dict):
        return _too_many(answer) if answer.status == 429 else None
    temporary = answer.status >= 500 or answer.status == 429 or error.get("is_transient") is True
    code = _telling_code(error)
    meaning = meaning_of(code, temporary)
    return ProviderError(
        meaning.reason,
        permanent=meaning.permanent,
        code=text_of(code) or str(answer.status),
        retry_after=_hint(answer) or meaning.retry_after,
        action=meaning.action,
        raw=clean({**error, "detail": _detail_of(error)}),
        account_wide=meaning.whole_account,
        auth=meaning.kind == Kind.TOKEN,
        max_attempts=meaning.max_attempts,
        of_template=meaning.kind == Kind.TEMPLATE,
        stops_campaigns=meaning.stops_campaigns,
    )


def _telling_code(error):
    """About templates the subcode says what is wrong, and the code only that something is."""
    subcode = number_of(error.get("error_subcode"))
    return int(subcode) if is_of_template(subcode) else error.get("code")


def _too_many(answer):
    reason = MEANINGS[130429].reason
    return ProviderError(
        reason,
        permanent=False,
        code="429",
        retry_after=_hint(answer),
        action=AGAIN,
        account_wide=True,
    )


def _detail_of(error):
    # `error_data` is an object, except on some Graph errors, where it is text.
    data = error.get("error_data")
    detail = text_of(dict_of(data).get("details")) or text_of(data)
    return detail or text_of(error.get("error_user_msg")) or text_of(error.get("message"))


def _hint(answer):
    """Seconds to wait as the answer's headers say; Meta counts in minutes, per business."""
    given = number_of(answer.headers.get("retry-after"))
    if given and given > 0:
        return given
    minutes = [
        number_of(line.get("estimated_time_to_regain_access")) or 0 for line in _used(answer)
    ]
    return max(minutes) * 60 if any(minutes) else None


def usage_of(answer: Answer) -> float:
    """Percent of the allowed calls that are used, by the largest of Meta's counts; 0 if untold."""
    counts = ("call_count", "total_cputime", "total_time")
    return max(
        (number_of(line.get(name)) or 0 for line in _used(answer) for name in counts), default=0
    )


def _used(answer):
    usage = dict_of(Answer(200, {}, answer.headers.get(USAGE, "").encode()).data)
    return [dict_of(line) for lines in usage.values() if isinstance(lines, list) for line in lines]
