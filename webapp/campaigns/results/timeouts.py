"""Whose time to answer is over: `no_response`, found in bounded batches.

No index tells who is due: only those who still may answer are looked through, and each campaign
says when the first of them is.
"""

from datetime import timedelta

from sqlalchemy import and_, func, or_, select, update

from webapp.campaigns import activity, ledger
from webapp.campaigns.models import ENDED, REACHED, Campaign, Recipient, RecipientState
from webapp.campaigns.results.replies import LONGEST
from webapp.columns import utcnow
from webapp.extensions import db

BATCH = 500
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=1)  # until the next look
RECIPIENTS, CAMPAIGNS = Recipient.__table__, Campaign.__table__


def due(now=None):
    """Ids of campaigns that may have somebody whose time is over."""
    now = now or utcnow()
    may_have_some = or_(
        Campaign.state.not_in(ENDED), Campaign.finished_at > now - LONGEST - 2 * LATEST
    )
    return db.session.scalars(
        select(Campaign.id)
        .where(
            Campaign.started_at.is_not(None),
            may_have_some,
            or_(Campaign.timeouts_at.is_(None), Campaign.timeouts_at <= now),
        )
        .order_by(Campaign.id)
    ).all()


def sweep(campaign_id, after=0, now=None):
    """Move one batch behind this recipient; the last one's id, None once nobody is due any more.

    An answer written in time still counts when it arrives later.
    """
    now = now or utcnow()
    minutes = db.session.scalar(select(Campaign.response_minutes).where(Campaign.id == campaign_id))
    over = now - timedelta(minutes=minutes)
    waiting = and_(Recipient.campaign_id == campaign_id, Recipient.state.in_(REACHED))
    ids = db.session.scalars(
        select(Recipient.id)
        .where(waiting, Recipient.id > after, Recipient.sent_at < over)
        .order_by(Recipient.id)
        .limit(BATCH)
    ).all()
    if not ids:
        _plan(campaign_id, waiting, minutes, now)
        return None
    # The condition stands again where they are locked: a reply may have come meanwhile.
    entries = ledger.hold(ids, RECIPIENTS.c.state.in_(REACHED))
    for entry in entries:
        entry.move(RecipientState.NO_RESPONSE, now)
    ledger.save(entries)
    activity.announce(campaign_id)
    return ids[-1]


def _plan(campaign_id, waiting, minutes, now):
    """The next look: when the first one's time is over, an hour from now at the latest."""
    first = db.session.scalar(select(func.min(Recipient.sent_at)).where(waiting))
    ends = (first or now) + timedelta(minutes=minutes)
    db.session.execute(
        update(CAMPAIGNS)
        .where(CAMPAIGNS.c.id == campaign_id)
        .values(
            timeouts_at=min(max(ends, now + SOONEST), now + LATEST),
            updated_at=CAMPAIGNS.c.updated_at,
        )
    )
