"""Jobs that make reports' files, and send them."""

from webapp import jobs
from webapp.reports import making, scheduling


def make(file_id):
    jobs.taken(making.JOB, file_id)
    making.make(file_id)


def mail(file_id):
    jobs.taken("workers.reports.mail", file_id)
    scheduling.mail(file_id)
