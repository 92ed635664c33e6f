"""What happened to a campaign, line by line, in the words its page shows."""

from webapp.campaigns.models import CampaignEvent
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.live import push
from webapp.staff.models import name_of, person_id


def note(campaign, kind, text, actor="", now=None):
    """Add a line; `actor` is a User, or the name of a rule or command."""
    db.session.add(
        CampaignEvent(
            campaign_id=campaign.id,
            at=now or utcnow(),
            kind=kind,
            text=text,
            actor_id=person_id(actor),
            actor=name_of(actor),
        )
    )
    announce(campaign.id)


def announce(campaign_id):
    """Its page, and the list, look again after the commit."""
    push.changed(f"campaign:{campaign_id}", "campaigns", ids=[campaign_id])
