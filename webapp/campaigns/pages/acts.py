"""What may be done with a campaign as it stands: its buttons, on the list and on its page."""

from dataclasses import dataclass

from webapp.campaigns.models import LIVE, CampaignState

DRAFT, SCHEDULED, RUNNING, PAUSED, DONE, STOPPED, FAILED = CampaignState


@dataclass(frozen=True, slots=True)
class Act:
    """A button: its `name` is the route's. `quick`: it stands in the row; `asks`: in a dialog;
    `danger`: there is no way back."""

    name: str
    label: str
    icon: str
    states: tuple
    quick: bool = False
    asks: bool = False
    danger: bool = False


ACTS = (
    Act("start", "Start now", "play", (SCHEDULED,), asks=True),
    Act("pause", "Pause", "pause", (SCHEDULED, RUNNING), quick=True),
    Act("resume", "Resume", "play", (PAUSED,), quick=True),
    Act("extend", "Send to new contacts too", "user-plus", (RUNNING, PAUSED, DONE)),
    Act("clone", "Duplicate", "copy", tuple(CampaignState)),
    Act("stop", "Stop", "square", LIVE, asks=True, danger=True),
)


def offered(campaign, asked=False):
    """`asked`: a banner asks whether it goes on or is stopped, so no button asks it again."""
    found = [act for act in ACTS if campaign.state in act.states]
    return [act for act in found if not asked or act.name not in ("resume", "stop")]
