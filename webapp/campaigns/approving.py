"""A second person's word, where a campaign is larger than the admin's bound."""

from sqlalchemy import select

from webapp.alerting import raising
from webapp.alerting.raising import Trouble
from webapp.campaigns import activity
from webapp.campaigns.models import Campaign, CampaignEvent, CampaignState
from webapp.campaigns.settings.rules import rules
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.staff.access import LEADERS
from webapp.staff.models import User, person_id, record

KIND = "campaign_approval"  # of the alert that admins get, also by mail
GROWTH_PERCENT = 10  # beyond what was agreed to: a larger one is another campaign
LONGEST_WORD = 300


class Refused(ValueError):
    """Why it cannot be, in words for the screen."""


def needed(people):
    """Whether so many contacts need a second person."""
    bound = rules().second_person_above
    return bound is not None and people > bound


def is_missing(campaign, people):
    """Whether so many contacts need a second person's word that nobody has given: none, or one to
    an audience that has grown since."""
    return needed(people) and not _covers(campaign, people)


def why_not(campaign, people, by=None):
    """What stands between so many people and this launcher; empty where nothing does."""
    if not needed(people):
        return ""
    if campaign.approved_at is None:
        return f"More than {rules().second_person_above:,} contacts: a second person must agree."
    if not _covers(campaign, people):
        return f"{_growth(campaign, people)}: ask again."
    if person_id(by) == campaign.approved_by_id:
        return "You agreed to it as the second person, so somebody else has to launch it."
    return ""


def may_agree(campaign, user):
    """A leader who neither made the last change nor launched it; whoever only asked may agree."""
    concerned = (campaign.updated_by_id, campaign.launched_by_id)
    return user.active and user.role in LEADERS and user.id not in concerned


def others(campaign):
    """Who may be the second person, by name."""
    leaders = select(User).where(User.active, User.role.in_(LEADERS)).order_by(User.name)
    return [one for one in db.session.scalars(leaders) if may_agree(campaign, one)]


def ask(campaign, people, by):
    """Ask for a second person's word; admins get an alert, the list of campaigns shows it."""
    _hold(campaign)
    if campaign.approved_at is not None:
        if _covers(campaign, people):
            raise Refused("Somebody has agreed to it already.")
        _forget(campaign)
    if campaign.approval_asked_at is not None:
        return
    campaign.approval_asked_at, campaign.approval_people = utcnow(), people
    _tell(campaign, "asked", f"Asked for a second person: {people:,} contacts", by)
    raising.raise_alert(
        KIND,
        Trouble(
            _subject(campaign),
            f"{by.name} asks you to look at the campaign “{campaign.name}”",
            f"It would reach {people:,} contacts.",
            "Open the campaign, look at its message and its audience, then agree or decline.",
        ),
    )


def approve(campaign, by, word=""):
    """The second person agrees; Refused to whoever made the last change."""
    _hold(campaign)
    _check(campaign, by)
    if campaign.approved_at is not None:
        return
    campaign.approved_at, campaign.approved_by_id = utcnow(), by.id
    _tell(campaign, "approved", _said("Agreed", word), by)
    raising.end(KIND, _subject(campaign))


def decline(campaign, by, word=""):
    """The second person does not agree: it has to be asked for again."""
    _hold(campaign)
    _check(campaign, by)
    _forget(campaign)
    _tell(campaign, "declined", _said("Declined", word), by)


def reopen(campaign, by):
    """Audience or message changed: whoever was asked, or agreed, saw something else."""
    if campaign.approval_asked_at is None and campaign.approved_at is None:
        return
    _forget(campaign)
    _tell(campaign, "reopened", "Changed since a second person was asked: ask again", by)


def ask_to_grow(campaign, people):
    """What a campaign asks that would reach so many by now; a word given to fewer is void."""
    if campaign.approved_at is None:
        bound = f"above {rules().second_person_above:,}"
        question = f"It would reach {people:,} contacts by now: {bound} a second person must agree."
    else:
        question = f"{_growth(campaign, people)}."
    _forget(campaign)
    campaign.approval_people = people
    return question


def agree_to_growth(campaign, by):
    """The second person lets one go on whose audience grew; Refused to whoever launched it or made
    the last change, and to a command."""
    if person_id(by) is None or not may_agree(campaign, by):
        raise Refused(
            "A second person has to agree: a supervisor or admin who neither launched it nor made "
            "the last change."
        )
    campaign.approved_at, campaign.approved_by_id = utcnow(), by.id
    _tell(campaign, "approved", "Agreed to the larger audience", by)


def last_word(campaign):
    """The event in which somebody declined, or a change made it void; None after a new question."""
    found = select(CampaignEvent).where(
        CampaignEvent.campaign_id == campaign.id,
        CampaignEvent.kind.in_(("asked", "approved", "declined", "reopened")),
    )
    event = db.session.scalar(found.order_by(CampaignEvent.id.desc()).limit(1))
    return event if event and event.kind in ("declined", "reopened") else None


def asker_of(campaign):
    """The name of whoever asked last."""
    found = select(CampaignEvent.actor).where(
        CampaignEvent.campaign_id == campaign.id, CampaignEvent.kind == "asked"
    )
    return db.session.scalar(found.order_by(CampaignEvent.id.desc()).limit(1)) or ""


def _hold(campaign):
    """Two people decide at the same moment: the second one sees what the first one did."""
    db.session.scalar(lock(select(Campaign.id).where(Campaign.id == campaign.id)))
    db.session.refresh(campaign)
    if campaign.state != CampaignState.DRAFT:
        raise Refused("This campaign was launched already.")


def _check(campaign, by):
    if not may_agree(campaign, by):
        raise Refused("You made the last change, so somebody else has to agree.")
    if campaign.approval_asked_at is None:
        raise Refused("It was changed meanwhile, so nobody is asked any more.")


def _covers(campaign, people):
    """Whether a second person agreed to about so many."""
    agreed = campaign.approval_people if campaign.approved_at is not None else None
    return agreed is not None and people * 100 <= agreed * (100 + GROWTH_PERCENT)


def _growth(campaign, people):
    agreed = campaign.approval_people
    than = f"the {agreed:,} a second person agreed to" if agreed else "a second person agreed to"
    return f"It would reach {people:,} contacts by now, more than {than}"


def _forget(campaign):
    campaign.approval_asked_at = campaign.approved_at = campaign.approved_by_id = None
    campaign.approval_people = None
    raising.end(KIND, _subject(campaign))


def _tell(campaign, kind, text, by):
    activity.note(campaign, kind, text, by)
    record(by, kind, campaign, note=text)


def _said(what, word):
    word = " ".join(word.split())[:LONGEST_WORD]
    return f"{what}: {word}" if word else what


def _subject(campaign):
    return f"campaign:{campaign.id}"
