"""What has come due in campaigns, asked by clock: starts, ends, and work no job picked up."""

from datetime import timedelta

from sqlalchemy import or_, select

from webapp import jobs, system
from webapp.apart import apart
from webapp.campaigns import activity, clearing, ledger, running
from webapp.campaigns.audience import loading
from webapp.campaigns.models import (
    LIVE,
    WAITING,
    Campaign,
    CampaignAttempt,
    CampaignState,
    Recipient,
    RecipientState,
)
from webapp.campaigns.results import retrying
from webapp.campaigns.sending import resting
from webapp.columns import utcnow
from webapp.database import lock, update_many
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

SHARDS = 8  # so many processes at most send at the same moment
EACH = 2000  # people waiting that are worth a process more
CALL_SECONDS = 90  # no call lasts longer: a `sending` older than this is in doubt
BATCH = 500
CUT_OFF = "The call to the provider was cut off."


def steps(now=None):
    """Take the steps whose time has come, each campaign in a unit of its own."""
    now = now or utcnow()
    for campaign_id in _ids(Campaign.state.in_(LIVE), Campaign.end_at <= now):
        _take(running.end, campaign_id, now)
    scheduled = Campaign.state == CampaignState.SCHEDULED
    for campaign_id in _ids(scheduled, Campaign.start_at <= now):
        _take(running.begin, campaign_id, now)
    runs = Campaign.state == CampaignState.RUNNING
    for campaign_id in _ids(runs, Campaign.next_load_at <= now):
        _take(running.load_again, campaign_id, now)
    paused = Campaign.state == CampaignState.PAUSED
    for campaign_id in _ids(paused, Campaign.resume_at <= now):
        _take(running.go_on, campaign_id, now)


def restored():
    """What runs in a database that was restored from a backup waits for a person, and whoever
    resumes what was paused already is told the same: it may have gone on after the backup."""
    if system.sending_held():
        runs = Campaign.state == CampaignState.RUNNING
        for campaign_id in _ids(or_(runs, running.MAY_HAVE_GONE_ON)):
            _take(running.restored, campaign_id, utcnow())


def hint(now=None):
    """Ask for jobs: nothing depends on whether an earlier hint was lost."""
    for campaign_id in loading.due():
        jobs.hint_now(running.LOAD, campaign_id)
    for campaign_id in clearing.due():
        jobs.hint_now(running.CLEAR, campaign_id)
    for campaign_id in retrying.due():
        jobs.hint_now(running.RETRY, campaign_id)
    awake = [] if system.sending_held() else resting.awake(now)
    wanted = _shards(awake)
    if wanted > jobs.waiting(running.SEND):
        for shard in range(wanted):
            jobs.hint_now(running.SEND, shard)


def expire_stale_calls(now=None):
    """A `sending` older than a call can last becomes `unknown`; how many."""
    now = now or utcnow()
    stale = Recipient.state == RecipientState.SENDING
    in_doubt = Recipient.state.in_((RecipientState.SENDING, RecipientState.UNKNOWN))  # the index
    older = Recipient.state_at < now - timedelta(seconds=CALL_SECONDS)
    ids = db.session.scalars(select(Recipient.id).where(in_doubt, stale, older).limit(BATCH))
    entries = ledger.hold(ids, stale, older)  # some may have been called anew meanwhile
    for entry in entries:
        entry.move(RecipientState.UNKNOWN, now, "no_answer", CUT_OFF)
    _doubt_attempts(entries, now)
    ledger.save(entries)
    for campaign_id in {entry.campaign_id for entry in entries}:
        activity.announce(campaign_id)
    return len(entries)


def in_batches(campaign_ids, sweep, stop_asked):
    """`sweep(campaign id, after)` of each, a batch a unit, until it gives back None."""
    for campaign_id in campaign_ids:
        with apart("%s of campaign %s", sweep.__name__, campaign_id):
            after = 0
            while after is not None and not stop_asked():
                with unit_of_work():
                    after = sweep(campaign_id, after)


def _doubt_attempts(entries, now):
    if entries:
        told = {"outcome": "unknown", "finished_at": now, "error": CUT_OFF}
        keys = ({"recipient_id": one.id, "number": one.tries} for one in entries)
        update_many(CampaignAttempt.__table__, ("recipient_id", "number"), [k | told for k in keys])


def _shards(campaign_ids):
    if not campaign_ids:
        return 0
    found = ledger.counts_of_many(campaign_ids).values()
    waiting = sum(counts[state] for counts in found for state in WAITING)
    return min(SHARDS, 1 + waiting // EACH)


def _ids(*conditions):
    return db.session.scalars(select(Campaign.id).where(*conditions).order_by(Campaign.id)).all()


def _take(step, campaign_id, now):
    with apart("%s of campaign %s", step.__name__, campaign_id), unit_of_work():
        campaign = db.session.scalar(lock(select(Campaign).where(Campaign.id == campaign_id)))
        if campaign is not None:
            step(campaign, now)
