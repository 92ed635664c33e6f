"""What may be believed of an answer once its provider's own refusal was looked for."""

from contextlib import contextmanager

from .base import OutcomeUnknown, ProviderError
from .http import Answer
from .meanings import WORDING


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


@contextmanager
def about_templates():
    """Refusals whose words speak of a message speak of the template here."""
    try:
        yield
    except ProviderError as error:
        error.reason = error.reason.replace("the message", "the template")
        error.args = (error.reason,)
        if error.action == WORDING:
            error.action = "Check what was written, then submit it again."
        raise


def _not_theirs(answer, label):
    return f"HTTP {answer.status} came back, and not from {label} itself"
