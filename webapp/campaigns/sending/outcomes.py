"""What an answer makes of a recipient, its attempt, and the whole campaign.

A result may come after its receipt, which then stands: states only climb. What was provably refused
is tried again where that helps; what may have left is `unknown`, and nothing sends it again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.campaigns.models import PauseCause, RecipientState
from webapp.providers.base import OutcomeUnknown, ProviderError, Sent

# How long a recipient waits after the first, second … temporary refusal, without a hint.
WAITS = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=60))
LONGEST_WAIT = timedelta(days=1)
SENT_FROM = (
    RecipientState.SENDING,
    RecipientState.UNKNOWN,
    RecipientState.QUEUED,
    RecipientState.RETRY,
)
DOUBTFUL = (RecipientState.SENDING, RecipientState.UNKNOWN)
NO_CODE = "failed"
MANY = 1_000
LONG_HINT = 600  # seconds; the campaign says that it waits, rather than crawl


class NotBegun:
    """The call was not even begun: a pause came first."""


@dataclass(frozen=True, slots=True)
class Answer:
    call: object
    outcome: Sent | ProviderError | OutcomeUnknown | type[NotBegun]
    at: datetime


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an answer means for the whole campaign: it pauses."""

    campaign_id: int
    by: str
    cause: PauseCause
    reason: str
    resume_at: datetime | None = None


def settle(entry, answer):
    """The held recipient, as the answer leaves it."""
    match answer.outcome:
        case Sent() as sent:
            _accept(entry, sent, answer.at)
        case OutcomeUnknown() as doubt:
            if _is_of(entry, answer.call, (RecipientState.SENDING,)):
                entry.move(RecipientState.UNKNOWN, answer.at, "no_answer", doubt.reason)
        case ProviderError() as error:
            if _is_of(entry, answer.call, DOUBTFUL):
                _refuse(entry, error, answer)
        case _:
            if _still_stands(entry, answer.call):
                entry.move(RecipientState.QUEUED, answer.at)
                entry.tries -= 1


def consequence(answer):
    """What a refusal means for the campaign, or None."""
    error, feed = answer.outcome, answer.call.feed
    whose = (feed.id, feed.provider)
    if error.of_template:
        return Consequence(*whose, PauseCause.TEMPLATE, _sentence(error))
    if error.auth or (error.account_wide and (error.permanent or error.stops_campaigns)):
        return Consequence(*whose, PauseCause.ACCOUNT, _sentence(error))
    if error.account_wide and (error.retry_after or 0) >= LONG_HINT:
        goes_on = answer.at + _wait(error)
        return Consequence(*whose, PauseCause.ACCOUNT, _sentence(error), goes_on)
    return None


def attempt_of(answer, entry):
    """The columns of its attempt that say how it ended; None where a receipt knows better."""
    match answer.outcome:
        case Sent() as sent:
            columns = {"outcome": "sent", "provider_id": sent.id}
        case OutcomeUnknown() as doubt if entry.state == RecipientState.UNKNOWN:
            columns = {"outcome": "unknown", "error": doubt.reason}
        case ProviderError() as error:
            columns = {"outcome": "refused", "error_code": _code(error), "error": error.reason}
        case _:
            return None
    return columns | {"finished_at": answer.at}


def began(answer):
    return answer.outcome is not NotBegun


def _accept(entry, sent, at):
    entry.provider_id = entry.provider_id or sent.id
    if entry.sent_at is None:
        entry.sent_at = at
    if entry.state in SENT_FROM:
        entry.move(RecipientState.SENT, at)
        entry.retry_at = None


def _refuse(entry, error, answer):
    reason = (_code(error) or NO_CODE, error.reason)
    tried_enough = entry.tries >= min(answer.call.feed.most_tries, error.max_attempts or MANY)
    if _is_mended_by_people(error):
        entry.move(RecipientState.QUEUED, answer.at)  # the campaign pauses, and they wait in it
    elif error.permanent or (tried_enough and not _meets_all(error)):
        entry.move(RecipientState.FAILED, answer.at, *reason)
    else:
        entry.move(RecipientState.RETRY, answer.at, *reason)
        after = WAITS[0 if _meets_all(error) else min(entry.tries, len(WAITS)) - 1]
        entry.retry_at = answer.at + max(_wait(error), after)


def _is_mended_by_people(error):
    return error.auth or (error.account_wide and error.permanent)


def _meets_all(error):
    """Not the recipient's fault: the whole account is slowed, or the provider was not reached, and
    then there is no code."""
    return error.account_wide or error.code is None


def _is_of(entry, call, states):
    """Whether the recipient still waits for this very call."""
    return entry.tries == call.number and entry.state in states


def _still_stands(entry, call):
    """Whether it is this very claim. Its number is not enough, for it was given back if this was
    written before, and a second claim may have it by now."""
    is_claimed = _is_of(entry, call, (RecipientState.SENDING,))
    return is_claimed and entry.state_at == call.claimed_at


def _wait(error):
    return min(timedelta(seconds=error.retry_after or 0), LONGEST_WAIT)


def _code(error):
    return error.code[:40] if error.code else None


def _sentence(error):
    return f"{error.reason.rstrip('.')}. {error.action}".strip()
