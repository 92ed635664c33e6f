"""How a campaign stands, in a word and in the line beneath: the same on list, page and board."""

from dataclasses import dataclass

from webapp import words
from webapp.campaigns.models import CampaignState, PauseCause
from webapp.campaigns.pages import speed

LIVE = "live"  # instead of an icon: the dot that says something is going on


@dataclass(frozen=True, slots=True)
class Standing:
    """`tone` is of a badge, `bar` of the progress bar; `line` says what is behind the word."""

    word: str
    tone: str
    icon: str
    bar: str = ""
    line: str = ""


def of(campaign, figures, pace, now):
    """`pace`: messages a minute at present, if it sends."""
    match campaign.state:
        case CampaignState.DRAFT:
            return _draft(campaign)
        case CampaignState.SCHEDULED:
            return Standing(
                "Scheduled", "note", "calendar-clock", line=f"Starts {_when(campaign.start_at)}"
            )
        case CampaignState.PAUSED:
            return Standing("Paused", "warn", "pause", "warn", _why_paused(campaign))
        case CampaignState.DONE:
            return Standing("Done", "ok", "check", "ok", _when_and_how_long(campaign))
        case CampaignState.STOPPED:
            return Standing("Stopped", "bad", "square", "bad", campaign.end_reason or "")
        case CampaignState.FAILED:
            return Standing("Failed", "bad", "circle-x", "bad", campaign.end_reason or "")
    return _running(campaign, figures, pace, now)


def instead_of_progress(campaign, figures):
    """What stands where a progress would be, while there is none; empty where there is one."""
    if campaign.state == CampaignState.DRAFT:
        return missing(campaign) or "Ready to launch"
    if figures.total:
        return ""
    if campaign.state == CampaignState.RUNNING:
        return "Nobody yet"
    loads = campaign.state in (CampaignState.SCHEDULED, CampaignState.PAUSED)
    return "Loaded when it starts" if loads else "Nobody was written to"


def missing(campaign):
    """What a draft lacks to be launched, the first thing; empty where it has all."""
    if campaign.account_id is None:
        return "Account missing"
    if not any(campaign.audience.get(name) for name in ("list_ids", "tag_ids", "filter_ids")):
        return "Audience missing"
    return "" if campaign.variants else "Template missing"


def asks(campaign):
    """Whether a person has to decide whether it goes on after an outage or a restored backup."""
    return campaign.state == CampaignState.PAUSED and campaign.pause_cause in (
        PauseCause.LATE_START,
        PauseCause.RESTORED,
    )


def awaits_approval(campaign):
    """Whether a second person's word is asked for."""
    return campaign.approval_asked_at is not None and campaign.approved_at is None


def _draft(campaign):
    if awaits_approval(campaign):
        asked = _since(campaign.approval_asked_at)
        return Standing(
            "Needs approval", "note", "user-check", line=f"A second person was asked {asked}"
        )
    by = f" by {campaign.updated_by.name}" if campaign.updated_by else ""
    return Standing("Draft", "", "pencil", line=f"Changed {_since(campaign.updated_at)}{by}")


def _running(campaign, figures, pace, now):
    if campaign.resting_reason:
        word = RESTING.get(campaign.resting_reason, "Resting")
        if campaign.resting_reason == "talk":
            return Standing(
                word, "accent", "clock", line="The others got it; they get it afterwards"
            )
        until = campaign.resting_until
        line = f"Goes on {_when(until)}" if until else ""
        return Standing(word, "accent", "clock", line=line)
    if campaign.loaded_at is None:
        return Standing("Loading", "accent", LIVE, line="Its contacts are being loaded")
    if campaign.slowed_until and campaign.slowed_until > now:
        slowed = f"Slowed to {campaign.slowed_to:,} a minute" if campaign.slowed_to else "Slowed"
        line = f"{slowed} until {_briefly(campaign.slowed_until)}"
        return Standing("Sending", "accent", LIVE, line=line)
    ends = speed.done_at(figures.to_go, pace, campaign.interval, now)
    return Standing("Sending", "accent", LIVE, line=f"Done about {_briefly(ends)}" if ends else "")


RESTING = {
    "hours": "Outside hours",
    "limit": "At the daily limit",
    "file": "Handing over its file",
    "talk": "Waiting for conversations to end",
}
PAUSED = {
    PauseCause.LATE_START: "Its start was missed: somebody has to decide",
    PauseCause.RESTORED: "The database was restored: somebody has to decide",
    PauseCause.APPROVAL: "A second person has to agree",
    PauseCause.TEMPLATE: "Template paused",
    PauseCause.ACCOUNT: "The account cannot send",
    PauseCause.WARM_UP: "Warmed up",
    PauseCause.RULE: "A stop rule",
    PauseCause.QUEUE: "Too many people wait for an answer",
    PauseCause.PERSON: "Somebody paused it",
}


def _why_paused(campaign):
    why = campaign.pause_reason or PAUSED.get(campaign.pause_cause, "")
    if campaign.pause_cause == PauseCause.QUEUE:
        return f"{why.rstrip('.')}, goes on by itself when fewer wait"
    if campaign.resume_at is None:
        return why
    return f"{why.rstrip('.')}, goes on {_briefly(campaign.resume_at)}"


def _when_and_how_long(campaign):
    if not campaign.finished_at:
        return ""
    day = _since(campaign.finished_at)
    if not campaign.started_at:
        return day
    return f"{day}, {words.span(campaign.finished_at - campaign.started_at)}"


def _when(at):
    """today 13:10, on Friday 13:10: what is yet to come."""
    return words.moment(at).replace(" at ", " ") if at else "as soon as it can"


def _briefly(at):
    """13:10 where it is today."""
    return _when(at).removeprefix("today ")


def _since(at):
    return words.short_date(at)
