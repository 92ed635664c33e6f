"""Jobs of the sandbox phone."""

from webapp import jobs
from webapp.sandbox import posting


def deliver_receipts(shard):
    jobs.taken("workers.sandbox.deliver_receipts", shard)
    posting.deliver_receipts()
