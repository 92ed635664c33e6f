"""What makes a campaign pause or slow down by itself: clock looks at counters every few seconds."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select, update

from webapp import words
from webapp.alerting import raising
from webapp.alerting.raising import Trouble
from webapp.apart import apart
from webapp.campaigns import activity, ledger, running, stop_rules
from webapp.campaigns.models import Campaign, CampaignState, PauseCause
from webapp.campaigns.sending import pacing
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.unit_of_work import unit_of_work

RULE = "A stop rule"  # who paused it, in its activity
ALERT = "campaign"
CAMPAIGNS = Campaign.__table__
SLOWED_FOR, SLOWED_AGAIN = timedelta(minutes=2), timedelta(minutes=1)
SLOWEST = 1  # message a minute
# Causes that admins have to hear of, for nobody at the page may have seen to it.
TOLD = (
    PauseCause.RULE,
    PauseCause.APPROVAL,
    PauseCause.TEMPLATE,
    PauseCause.ACCOUNT,
    PauseCause.LATE_START,
    PauseCause.RESTORED,
)


def look(now=None):
    """One pass over the campaigns that run or are paused; each that needs it in its own unit."""
    now = now or utcnow()
    states = (CampaignState.RUNNING, CampaignState.PAUSED)
    campaigns = db.session.scalars(
        select(Campaign).where(Campaign.state.in_(states)).order_by(Campaign.id)
    ).all()
    counts = ledger.counts_of_many([one.id for one in campaigns]) if campaigns else {}
    for campaign in campaigns:
        with apart("looking at the rules of campaign %s", campaign.id):
            _look_at(campaign, counts.get(campaign.id, Counter()), now)
    db.session.rollback()


def troubles(_now=None):
    """For the alerts: every campaign that waits for a person after it paused by itself."""
    rows = select(Campaign).where(
        Campaign.state == CampaignState.PAUSED, Campaign.pause_cause.in_(TOLD)
    )
    return [_trouble(campaign) for campaign in db.session.scalars(rows.order_by(Campaign.id))]


def _look_at(campaign, counts, now):
    if campaign.state == CampaignState.PAUSED:
        _look_at_paused(campaign)
    else:
        _look_at_running(campaign, counts, now)


def _look_at_running(campaign, counts, now):
    broken = stop_rules.broken(campaign, counts)
    if broken:
        with unit_of_work():
            halt(campaign, broken)
        return
    wait = _slow_for(campaign, now)
    ended = campaign.slowed_until is not None and campaign.slowed_until <= now
    if wait or ended:
        with unit_of_work():
            _slow(campaign, wait, now) if wait else _hurry(campaign)


def _look_at_paused(campaign):
    """One that waits for its queue goes on when that is short."""
    if campaign.pause_cause == PauseCause.QUEUE and stop_rules.is_short(campaign):
        with unit_of_work():
            running.go_on(campaign, by=RULE)


def _slow_for(campaign, now):
    """How long the longest one waits in its reply queue, where that is too long."""
    bound = (campaign.stop_rules or {}).get("queue_wait_seconds")
    if not bound or campaign.reply_queue_id is None:
        return None
    since = db.session.scalar(
        select(func.min(Interaction.waiting_since)).where(*stop_rules.in_queue(campaign))
    )
    return now - since if since and now - since > timedelta(seconds=bound) else None


def _slow(campaign, wait, now):
    """Half as fast as now, for two minutes; and half of that where it does not help."""
    slowed = campaign.slowed_until is not None and campaign.slowed_until > now
    if slowed and campaign.slowed_until > now + SLOWED_AGAIN:
        return
    pace = campaign.slowed_to if slowed and campaign.slowed_to else campaign.pace
    pace = pace or int(pacing.account_rate(campaign.account) * 60)
    to = max(pace // 2, SLOWEST)
    reason = f"Somebody waits {words.span(wait)} in {campaign.reply_queue.name}"
    _set(campaign, slowed_to=to, slowed_until=now + SLOWED_FOR, slowed_reason=reason)
    if not slowed or to != campaign.slowed_to:
        activity.note(campaign, "slowed", f"Slowed to {to:,} a minute: {reason}", RULE)


def _hurry(campaign):
    _set(campaign, slowed_to=None, slowed_until=None, slowed_reason=None)
    activity.note(campaign, "slowed", "Full speed again", RULE)


def _set(campaign, **columns):
    """Nobody's edit: who looks at the campaign sees when a person changed it."""
    db.session.execute(
        update(CAMPAIGNS)
        .where(CAMPAIGNS.c.id == campaign.id)
        .values(**columns, updated_at=CAMPAIGNS.c.updated_at)
    )


def halt(campaign, broken, resume_at=None):
    """Pause it for what is Broken; admins hear of what waits for somebody."""
    done = running.halt(campaign, RULE, broken.cause, broken.reason, resume_at=resume_at)
    if done and broken.cause in TOLD:
        raising.raise_alert(ALERT, _trouble(campaign))


def _trouble(campaign):
    return Trouble(
        f"campaign:{campaign.id}",
        f"Campaign “{campaign.name}” is paused",
        campaign.pause_reason or "",
        "It goes on by itself." if campaign.resume_at else "Look at it, and resume or stop it.",
        account_id=campaign.account_id,
    )
