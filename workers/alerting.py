"""Jobs that tell admins what needs mending."""

from webapp import jobs
from webapp.alerting import mailing


def mail(alert_id):
    jobs.taken("workers.alerting.mail", alert_id)
    mailing.mail(alert_id)
