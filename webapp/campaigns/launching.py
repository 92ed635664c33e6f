"""The one way people and commands launch a draft, resume it, or send it to more: checked first."""

from webapp.campaigns import approving, running
from webapp.campaigns.audience import selection
from webapp.campaigns.models import PauseCause
from webapp.campaigns.wizard import checking


class Blocked(ValueError):
    """What forbids it, in sentences."""

    def __init__(self, reasons):
        self.reasons = reasons
        super().__init__(" ".join(reasons))


def launch(campaign, by, now=None):
    """Raises Blocked with all that has to be mended, ValueError where it was launched already.

    What was checked is what is launched: nobody changes it in between.
    """
    running.hold(campaign)
    if not campaign.launched_at:
        reasons = checking.blocking(campaign, by, now)
        if reasons:
            raise Blocked(reasons)
    running.launch(campaign, by, now)


def start(campaign, by, now=None):
    """A planned one now; ValueError where something hinders it or it has begun already."""
    running.hold(campaign)
    running.start(campaign, by, now)


def resume(campaign, by, now=None):
    """Whoever resumes one that waits for a second person agrees by that; ValueError to others."""
    running.hold(campaign)
    if campaign.pause_cause == PauseCause.APPROVAL:
        approving.agree_to_growth(campaign, by)
    running.resume(campaign, by, now)


def extend(campaign, by, now=None):
    """To those who came into its audience since; ValueError where so many, together with those who
    got it, need a second person and none has agreed to so many."""
    people = selection.count(campaign, now).going
    if approving.is_missing(campaign, people):
        raise ValueError(
            f"With the new ones it would reach {people:,} contacts, for which a second person must "
            "agree. Duplicate it, choose the new ones and ask somebody there."
        )
    running.extend(campaign, by, now)
