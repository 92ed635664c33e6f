"""What may be believed of an answer once its provider's own refusal was looked for."""

from .base import OutcomeUnknown, ProviderError
from .http import Answer


def taken(answer: Answer, refused: ProviderError | None, label: str) -> Answer:
    """The answer to a call that changes something; raises the refusal, or OutcomeUnknown."""
    if refused:
        raise refused
    if not 200 <= answer.status < 300:
        # Neither a code nor a word of the provider's own: some gateway's, or an address that moved.
        # The request may have gone through behind it.
        raise OutcomeUnknown(_not_theirs(answer, label))
    return answer


def told(answer: Answer, refused: ProviderError | None, label: str, shapes=dict):
    """The data a read was answered with; raises the refusal, or that it may be asked again."""
    if refused:
        raise refused
    if answer.status != 200 or not isinstance(answer.data, shapes):
        reason = _not_theirs(answer, label)
        raise ProviderError(reason, permanent=False, code=str(answer.status))
    return answer.data


def _not_theirs(answer, label):
    return f"HTTP {answer.status} came back, and not from {label} itself"
