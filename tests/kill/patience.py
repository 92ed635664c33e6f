"""How often each provider calls a webhook again, and after what."""

from dataclasses import dataclass

NOBODY = 0  # as a status: the connection could not be made, or was cut
PAUSE = 0.25  # seconds between two tries; in truth they grow, to hours


@dataclass(frozen=True)
class Patience:
    """`again(status, tries)` says whether a call so answered, for the so-manieth time, is made
    once more."""

    after_errors: bool
    tries: int | None = None  # None: for days

    def again(self, status, tries):
        if self.tries is not None and tries >= self.tries:
            return False
        return status == NOBODY or (self.after_errors and status != 200)


PATIENCE = {
    "meta": Patience(after_errors=True),
    "sinch": Patience(after_errors=True),
    # What #rc=5&rp=all asks for. What got lost all the same can be fetched.
    "twilio": Patience(after_errors=True, tries=6),
    # Nothing is promised: an error is the end of it. That a call nobody answered comes again is
    # our own doing, since what never reached us can't be held against us.
    "kaleyra": Patience(after_errors=False),
}
