"""Tells people and other systems of an alarm, except within its rule's quiet hours."""

from webapp.alarms import wording
from webapp.alarms.models import Alarm
from webapp.outgoing_webhooks import delivering
from webapp.settings import intervals


def fired(alarm, now):
    """Once, as soon as it may be told; mail goes by `mailing`, from its own row."""
    if alarm.told_at or is_quiet(alarm.rule, now):
        return
    alarm.told_at = now
    _post("alarm.fired", alarm)
    if alarm.acknowledged_at:  # within the quiet hours, when nobody was told
        acknowledged(alarm)


def acknowledged(alarm):
    if alarm.told_at:
        _post("alarm.acknowledged", alarm, by=alarm.acknowledged_by.name)


def ended(alarm):
    if alarm.told_at:
        _post("alarm.ended", alarm)


def is_quiet(rule, now):
    return rule.quiet is not None and intervals.is_open(rule.quiet, now)


def _post(kind, alarm: Alarm, **more):
    if alarm.rule.webhook_id:
        delivering.post(alarm.rule.webhook_id, kind, wording.facts(alarm) | more)
