"""Which campaigns that are not over name something in their audience: it stays while they do."""

from sqlalchemy import select

from webapp.campaigns.models import LIVE, Campaign, CampaignState
from webapp.extensions import db


def campaigns_with(id, *keys):
    """Names of campaigns whose audience names this id under one of the keys."""
    going = Campaign.state.in_((CampaignState.DRAFT, *LIVE))
    rows = select(Campaign.name, Campaign.audience).where(going)
    return [
        name
        for name, audience in db.session.execute(rows.order_by(Campaign.name, Campaign.id))
        if any(id in audience.get(key, ()) for key in keys)
    ]
