"""What a provider's code means to the people who see it: for whom it is final, and what to do."""

from dataclasses import dataclass
from enum import StrEnum

AGAIN = "It is tried again by itself."
WORDING = "Check what was written, then send it again."
OTHER_TEMPLATE = "Choose another template, or ask an admin to look at this one."


class Kind(StrEnum):
    RETRY = "retry"
    SLOW = "slow"  # slow the whole account down, then retry
    WAIT = "wait"
    MESSAGE = "message"  # final for this message
    CONTACT = "contact"  # final for this person
    OPTED_OUT = "opted_out"  # the person asked for no more
    TEMPLATE = "template"
    ACCOUNT = "account"
    TOKEN = "token"
    REQUEST = "request"  # what we sent was wrong


TEMPORARY = {Kind.RETRY, Kind.SLOW, Kind.WAIT}
BLOCKING = {Kind.ACCOUNT, Kind.TOKEN}  # nothing goes until somebody mends it
PASSING = TEMPORARY | BLOCKING | {Kind.TEMPLATE}


@dataclass(frozen=True, slots=True)
class Meaning:
    kind: Kind
    reason: str
    action: str = ""
    retry_after: float | None = None
    max_attempts: int | None = None
    stops_campaigns: bool = False

    @property
    def permanent(self):
        return self.kind not in TEMPORARY

    @property
    def may_pass(self):
        """Whether the same message may go another time: by itself, or once something is mended."""
        return self.kind in PASSING

    @property
    def whole_account(self):
        """The account's other messages would meet the same."""
        return self.kind == Kind.SLOW or self.kind in BLOCKING
