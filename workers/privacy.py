"""Jobs for people who ask for their data, or to be forgotten."""

from webapp import jobs
from webapp.contacts import disclosing, erasing
from workers import stopping


def disclose(request_id):
    jobs.taken("workers.privacy.disclose", request_id)
    disclosing.make(request_id)


def erase(request_id):
    jobs.taken("workers.privacy.erase", request_id)
    erasing.go_on(request_id, stopping.requested)
