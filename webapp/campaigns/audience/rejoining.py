"""Whoever talked to an agent while a campaign was loaded gets it once that conversation is over."""

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import aliased

from webapp.campaigns import activity, ledger, running
from webapp.campaigns.audience import members, selection
from webapp.campaigns.models import (
    TALKING,
    Campaign,
    CampaignState,
    PauseCause,
    Recipient,
    RecipientState,
)
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState

BATCH = 500
REASON = "open_conversation"
GONE = "no_member"


def due():
    """Ids of running campaigns that left out somebody whose conversation is over."""
    talks = exists().where(Recipient.campaign_id == Campaign.id, TALKING, _is_over(utcnow()))
    runs = Campaign.state == CampaignState.RUNNING
    return db.session.scalars(
        select(Campaign.id).where(runs, Campaign.loaded_at.is_not(None), talks)
    ).all()


def rejoin(campaign_id, after=0, now=None):
    """Queue those of whom nothing else speaks against it, a batch; the id to go on behind, or None.

    Others stay left out, from now on for the reason found today: they may have opted out.
    """
    now = now or utcnow()
    campaign = db.session.get(Campaign, campaign_id)
    running.hold(campaign)
    if campaign.state != CampaignState.RUNNING:
        return None
    rows = select(Recipient.id, Recipient.contact_id).where(
        Recipient.campaign_id == campaign_id, Recipient.id > after, TALKING, _is_over(now)
    )
    talked = dict(db.session.execute(rows.order_by(Recipient.id).limit(BATCH)).all())
    if not talked:
        return None
    try:
        reasons = _reasons(campaign, talked.values(), now)
    except ValueError as problem:  # a condition names a field that is gone
        running.halt(campaign, running.CLOCK, PauseCause.RULE, str(problem), now=now)
        return None
    entries = ledger.hold(talked, TALKING)
    for entry in entries:
        reason = reasons.get(entry.contact_id, GONE)
        if reason == selection.GOING:
            entry.move(RecipientState.QUEUED, now)
            reasons[entry.contact_id] = "duplicate"  # of another row that a merge gave them
        elif reason != REASON:
            entry.move(RecipientState.SKIPPED, now, reason)
    ledger.save(entries)
    running.go_on_sending(campaign)
    activity.announce(campaign_id)
    return max(talked)


def rest(campaign_id, now=None):
    """(reason, until) where it waits for people in conversations; None where it does not.

    Until the first session's end: by then its person wrote again, or gets it.
    """
    goes_on = _goes_on(Campaign, now or utcnow())
    waits = (
        select(func.count(), func.min(Interaction.session_expires_at))
        .select_from(Recipient)
        .join(Campaign, Campaign.id == Recipient.campaign_id)
        .outerjoin(Interaction, goes_on)
        .where(Recipient.campaign_id == campaign_id, TALKING)
    )
    many, first = db.session.execute(waits).one()
    return ("talk", first) if many else None


def _is_over(now):
    """No conversation of this contact with the campaign's account goes on."""
    own = aliased(Campaign)
    talks = select(Interaction.id).join(own, _goes_on(own, now))
    return ~talks.where(own.id == Recipient.campaign_id).correlate(Recipient).exists()


def _goes_on(campaign, now):
    return and_(
        Interaction.account_id == campaign.account_id,
        Interaction.contact_id == Recipient.contact_id,
        Interaction.state != InteractionState.CLOSED,
        Interaction.session_expires_at > now,
    )


def _reasons(campaign, contact_ids, now):
    """{contact's id: its first reason, or GOING}; who is no member any more is not in it."""
    first, last = min(contact_ids), max(contact_ids)
    part = members.Part(first - 1, last)
    rows = selection.classified(campaign, part=part, now=now).subquery()
    found = select(rows.c.contact_id, rows.c.reason).where(
        rows.c.contact_id.in_(list(contact_ids)), rows.c.reason != "duplicate"
    )
    reasons = dict(db.session.execute(found).all())
    return reasons | dict.fromkeys(_have_it(campaign, contact_ids), "duplicate")


def _have_it(campaign, contact_ids):
    """Contacts with another row in it: since a merge they are who got it already."""
    return db.session.scalars(
        select(Recipient.contact_id).where(
            Recipient.campaign_id == campaign.id,
            Recipient.contact_id.in_(list(contact_ids)),
            Recipient.state != RecipientState.SKIPPED,
        )
    )
