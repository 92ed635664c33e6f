"""Why a running campaign sends to nobody just now, kept for its page and for the clock."""

from sqlalchemy import or_, select, update

from webapp.campaigns import activity
from webapp.campaigns.models import Campaign, CampaignState
from webapp.campaigns.sending import limits
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

# hours: outside them; limit: of the portfolio; slow: the provider asked the account to wait;
# retry: until the first one is due; day: until a daily one looks for new contacts again;
# file: what its messages begin with is being handed over; talk: whoever is left talks to an agent.


def rest(campaign_id, reason, until):
    """In a unit of its own; what it said already is not written again."""
    other = or_(
        Campaign.resting_reason.is_distinct_from(reason),
        Campaign.resting_until.is_distinct_from(until),
    )
    _write(campaign_id, other, resting_reason=reason, resting_until=until)


def wake(campaign_id):
    _write(
        campaign_id,
        Campaign.resting_reason.is_not(None),
        resting_reason=None,
        resting_until=None,
    )


def awake(now=None):
    """Ids of running campaigns whose rest is over, or that never began one.

    What is being loaded never rests for long: the next chunk may be of an open zone. Nor does what
    was at the limit, once that is higher.
    """
    now = now or utcnow()
    ends = Campaign.resting_until
    over = or_(ends.is_(None), ends <= now, Campaign.loaded_at.is_(None))
    running = Campaign.state == CampaignState.RUNNING
    limited = running & ~over & (Campaign.resting_reason == "limit")
    return [
        *db.session.scalars(select(Campaign.id).where(running, over)),
        *(
            one.id
            for one in db.session.scalars(select(Campaign).where(limited))
            if _has_room(one, now)
        ),
    ]


def _has_room(campaign, now):
    return limits.standing(campaign.account, campaign, now).left != 0


def _write(campaign_id, condition, **columns):
    with unit_of_work():
        written = db.session.execute(
            update(Campaign)
            .where(Campaign.id == campaign_id, Campaign.state == CampaignState.RUNNING, condition)
            .values(**columns)
            .execution_options(synchronize_session=False)
        )
        if written.rowcount:
            activity.announce(campaign_id)
