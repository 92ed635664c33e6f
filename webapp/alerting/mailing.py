"""Writes to the admins when an alert opens and when it ends, where a mail server is set."""

from datetime import timedelta

from sqlalchemy import exists
from sqlalchemy.orm import aliased

from webapp.alerting.models import Alert
from webapp.mail import announcing
from webapp.staff import people

QUIET = timedelta(hours=1)  # one that ends and opens all the time is told of this often


def _worth_telling(now):
    earlier = aliased(Alert)
    return ~exists().where(
        earlier.kind == Alert.kind,
        earlier.subject == Alert.subject,
        earlier.id != Alert.id,
        earlier.mailed_at > now - QUIET,
    )


def _written(alert, _now):
    admins = people.admin_addresses()
    if not admins:
        return None
    word = "Mended" if alert.ended_at else "Alert"
    details = (alert.detail, alert.action)
    return announcing.letter(word, alert.title, alert, details, admins, "/accounts/alerts")


_alerts = announcing.Announcements(Alert, _worth_telling, _written)
due, mail = _alerts.due, _alerts.mail
