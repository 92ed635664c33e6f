"""Whoever still waits in a campaign that has ended is told so, in bounded batches."""

from sqlalchemy import exists, select

from webapp import jobs
from webapp.campaigns import activity, ledger, running
from webapp.campaigns.models import (
    ENDED,
    WAITING,
    Campaign,
    CampaignState,
    Recipient,
    RecipientState,
)
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

BATCH = 1000
REASONS = {CampaignState.STOPPED: "stopped", CampaignState.DONE: "ended"}


def clear(campaign_id, stop_asked=lambda: False):
    """Cancel whoever waits, a batch a unit, until nobody does."""
    jobs.taken("workers.campaigns.clear", campaign_id)
    while not stop_asked():
        with unit_of_work():
            if not _cancel_some(campaign_id):
                return


def due():
    """Campaigns that have ended while somebody waits: what no job picked up."""
    waiting = Recipient.state.in_(WAITING)
    left = exists().where(Recipient.campaign_id == Campaign.id, waiting)
    return db.session.scalars(select(Campaign.id).where(Campaign.state.in_(ENDED), left)).all()


def _cancel_some(campaign_id):
    campaign = db.session.get(Campaign, campaign_id)
    if campaign is None:
        return 0
    running.hold(campaign)
    if campaign.state not in ENDED:
        return 0
    waiting = Recipient.state.in_(WAITING)
    ids = db.session.scalars(
        select(Recipient.id).where(Recipient.campaign_id == campaign_id, waiting).limit(BATCH)
    ).all()
    entries = ledger.hold(ids, waiting)
    for entry in entries:
        entry.move(RecipientState.CANCELLED, reason=REASONS.get(campaign.state))
        entry.retry_at = None
    ledger.save(entries)
    activity.announce(campaign_id)
    return len(entries)
