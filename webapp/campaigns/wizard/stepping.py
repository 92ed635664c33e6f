"""How far a draft has come: which steps are finished, and what is still missing in the others."""

from dataclasses import dataclass

from webapp.campaigns.messages import variants
from webapp.campaigns.models import StartMode
from webapp.campaigns.wizard import drafting
from webapp.columns import utcnow

NAMES = {
    drafting.AUDIENCE: "Audience",
    drafting.MESSAGE: "Message",
    drafting.SCHEDULE: "Schedule",
    drafting.REVIEW: "Test and launch",
}
SOURCES = ("list_ids", "tag_ids", "filter_ids")


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    title: str
    number: int
    is_done: bool


def steps(campaign):
    """The four of them, in their order."""
    return [
        Step(name, NAMES[name], number, is_done(campaign, name))
        for number, name in enumerate(drafting.STEPS, 1)
    ]


def is_done(campaign, step):
    """Whether somebody went on from it and nothing is missing in it."""
    return step in campaign.steps and not missing(campaign, step)


def first_open(campaign):
    """The step to go on with; the last one where all others are finished."""
    return next((step for step in drafting.STEPS if not is_done(campaign, step)), drafting.REVIEW)


def after(step):
    return drafting.STEPS[drafting.STEPS.index(step) + 1]


def before(step):
    return drafting.STEPS[drafting.STEPS.index(step) - 1]


def missing(campaign, step):
    """What stands in the way in this step, in sentences."""
    return _MISSING[step](campaign)


def _audience(campaign):
    found = []
    if campaign.account_id is None:
        found.append("Choose the account that sends it.")
    if not any(campaign.audience.get(name) for name in SOURCES):
        found.append("Choose whom to write to: a list, a tag or a saved filter.")
    return found


def _message(campaign):
    return variants.problems(campaign)


def _schedule(campaign):
    found = []
    if campaign.start_mode != StartMode.NOW and campaign.start_at is None:
        found.append("Say when it starts.")
    elif campaign.start_mode == StartMode.AT and campaign.start_at < utcnow():
        found.append("Its start has passed. Choose a later one.")
    if campaign.end_at is not None and campaign.end_at < utcnow():
        found.append("Its end has passed. Choose a later one.")
    return found


_MISSING = {
    drafting.AUDIENCE: _audience,
    drafting.MESSAGE: _message,
    drafting.SCHEDULE: _schedule,
    drafting.REVIEW: lambda campaign: [],
}
