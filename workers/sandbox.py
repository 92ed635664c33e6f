"""Jobs of the sandbox phone."""

from webapp import jobs
from webapp.sandbox import posting, reviewing


def deliver_receipts(shard):
    jobs.taken("workers.sandbox.deliver_receipts", shard)
    posting.deliver_receipts()


def review_templates(shard):
    jobs.taken("workers.sandbox.review_templates", shard)
    reviewing.decide()
