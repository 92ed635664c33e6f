"""Writes about alarms to whom their rules name: when they fire, and when they end."""

from sqlalchemy import and_

from webapp.alarms import telling, wording
from webapp.alarms.models import Alarm, AlarmRule
from webapp.mail import announcing
from webapp.staff import people


def _worth_telling(_now):
    return and_(Alarm.told_at.is_not(None), Alarm.rule.has(AlarmRule.mails))


def _written(alarm, now):
    if telling.is_quiet(alarm.rule, now):
        return None  # an end, or what a server refused before, waits until it may be told
    recipients = alarm.rule.mail_to or people.admin_addresses()
    if not recipients:
        return None
    word = "Over" if alarm.ended_at else "Alarm"
    title, details = wording.headline(alarm), [wording.sentence(alarm)]
    return announcing.letter(word, title, alarm, details, recipients, "/alarms")


_alarms = announcing.Announcements(Alarm, _worth_telling, _written)
due, mail, over_untold = _alarms.due, _alarms.mail, _alarms.over_untold
