"""The files a campaign's messages begin with, handed over aside: its senders go on meanwhile."""

from webapp import jobs
from webapp.campaigns import readiness, running
from webapp.campaigns.messages import header_files
from webapp.campaigns.models import Campaign, CampaignState, PauseCause
from webapp.campaigns.readiness import Hindrance
from webapp.campaigns.sending.feeding import Feed
from webapp.extensions import db
from webapp.providers.base import ProviderError
from webapp.unit_of_work import unit_of_work

JOB = "workers.campaigns.hand_over"


def hand_over(campaign_id):
    """Upload what is not uploaded, or soon forgotten; may take minutes. A refusal pauses it."""
    campaign = db.session.get(Campaign, campaign_id)
    if campaign is None or campaign.state != CampaignState.RUNNING:
        return
    if readiness.hindrance_of(campaign):
        return  # the sender's next look pauses it
    try:
        for media in Feed(campaign).headers:
            header_files.header_for(campaign.account, media)
    except header_files.NotYet:
        return  # the sender asks again
    except ProviderError as error:
        _halt(campaign_id, error)
    else:
        jobs.hint_now(running.SEND, 0)


def _halt(campaign_id, error):
    cause = PauseCause.ACCOUNT if error.account_wide else PauseCause.TEMPLATE
    sentence = f"The file its message begins with was refused: {error.reason}."
    with unit_of_work():
        running.hinder(db.session.get(Campaign, campaign_id), Hindrance(cause, sentence))
