"""What a campaign's recipients add up to, as list, page, board and commands show it: from
counters alone, so that no figure costs more for a larger campaign."""

from collections import Counter
from dataclasses import dataclass, field

from webapp.campaigns import ledger
from webapp.campaigns.models import RecipientState

# In the order in which a recipient goes through them.
STATE_NAMES = {
    RecipientState.QUEUED: "Waiting",
    RecipientState.RETRY: "Retrying",
    RecipientState.SENDING: "Sending",
    RecipientState.UNKNOWN: "Outcome unknown",
    RecipientState.SENT: "Sent",
    RecipientState.DELIVERED: "Delivered",
    RecipientState.READ: "Read",
    RecipientState.REPLIED: "Replied",
    RecipientState.NO_RESPONSE: "No response",
    RecipientState.FAILED: "Failed",
    RecipientState.CANCELLED: "Cancelled",
    RecipientState.SKIPPED: "Left out",
}


def share(part, whole):
    """From 0 to 1; None where there is nothing to take it of.

    People may answer without a receipt that they read, so a part is no more than its whole.
    """
    return min(part / whole, 1) if whole else None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel: how many came so far, and which share of the step before."""

    name: str
    count: int
    share: float | None
    of: str


@dataclass(frozen=True, slots=True)
class Figures:
    """`counts` is one campaign's `ledger.counts_of`."""

    counts: Counter = field(default_factory=Counter)

    def __getitem__(self, name):
        return self.counts[name]

    def ever(self, what):
        return self.counts[f"ever:{what}"]

    @property
    def total(self):
        """All rows of the ledger: the sum over the states, at any moment."""
        return sum(self.counts[state] for state in RecipientState)

    @property
    def left_out(self):
        return self.counts[RecipientState.SKIPPED]

    @property
    def to_send(self):
        return self.total - self.left_out

    @property
    def to_go(self):
        """Who has not been dealt with yet."""
        states = (RecipientState.QUEUED, RecipientState.RETRY, RecipientState.SENDING)
        return sum(self.counts[state] for state in states)

    @property
    def dealt_with(self):
        return self.to_send - self.to_go - self.counts[RecipientState.CANCELLED]

    @property
    def progress(self):
        """From 0 to 1, of all that are to be sent to."""
        return share(self.dealt_with, self.to_send) or 0

    @property
    def sent(self):
        return self.ever("sent")

    @property
    def delivered(self):
        return self.ever("delivered")

    @property
    def read(self):
        return self.ever("read")

    @property
    def replied(self):
        return self.ever("replied")

    @property
    def reply_share(self):
        """Of those who read it."""
        return share(self.replied, self.read)

    @property
    def failures(self):
        """What a failure's card speaks of: those that failed, and those nobody knows about."""
        return self.counts[RecipientState.FAILED] + self.counts[RecipientState.UNKNOWN]

    @property
    def failure_share(self):
        return share(self.failures, self.dealt_with)

    @property
    def steps(self):
        """The funnel."""
        return (
            Step("Audience", self.total, None, f"{self.left_out:,} left out"),
            Step("Sent", self.sent, share(self.sent, self.to_send), f"of {self.to_send:,}"),
            Step("Delivered", self.delivered, share(self.delivered, self.sent), "of sent"),
            Step("Read", self.read, share(self.read, self.delivered), "of delivered"),
            Step("Replied", self.replied, self.reply_share, "of read"),
        )

    @property
    def ledger(self):
        """(state, its name, how many): what adds up to the total."""
        return [(state, name, self.counts[state]) for state, name in STATE_NAMES.items()]

    def reasons(self, state):
        """{reason: how many} of a state, the most frequent first."""
        start = f"why:{state}:"
        found = {
            name.removeprefix(start): many
            for name, many in self.counts.items()
            if many > 0 and name.startswith(start)
        }
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def of(campaign):
    return Figures(ledger.counts_of(campaign.id))


def of_many(campaigns):
    """{campaign id: Figures}, in one query."""
    found = ledger.counts_of_many([one.id for one in campaigns])
    return {one.id: Figures(found[one.id]) for one in campaigns}


def by_variant(campaign):
    """{variant id: Figures}, in one query."""
    found = {}
    for (variant_id, name), many in ledger.counts_of(campaign.id, by_variant=True).items():
        found.setdefault(variant_id, Counter())[name] += many
    return {variant_id: Figures(counts) for variant_id, counts in found.items()}
