"""Jobs that tell people of alarms."""

from webapp import jobs
from webapp.alarms import mailing


def mail(alarm_id):
    jobs.taken("workers.alarms.mail", alarm_id)
    mailing.mail(alarm_id)
