"""Jobs of the campaigns: each a shell round one verb."""

from webapp import jobs
from webapp.campaigns import clearing
from webapp.campaigns.audience import loading
from webapp.campaigns.results import retrying
from webapp.campaigns.sending import handing_over, slices
from workers import stopping


def clear(campaign_id):
    clearing.clear(campaign_id, stopping.requested)


def hand_over(campaign_id):
    jobs.taken(handing_over.JOB, campaign_id)
    handing_over.hand_over(campaign_id)


def load(campaign_id):
    jobs.taken("workers.campaigns.load", campaign_id)
    loading.load(campaign_id, stopping.requested)


def retry(campaign_id):
    retrying.run(campaign_id, stopping.requested)


def send(shard):
    slices.run(shard, stopping.requested)
