"""Adds, changes and deletes rules; each change leaves an audit row."""

from sqlalchemy import delete as delete_rows
from sqlalchemy import exists, func, select
from sqlalchemy.orm import selectinload

from webapp.alarms import mailing, telling
from webapp.alarms.models import KEPT, ROOM, Alarm, AlarmRule
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.live import push
from webapp.staff.models import differences, record

COLUMNS = (
    "name", "figure", "scope", "queue_id", "account_id", "comparison", "bound", "minutes",
    "critical", "enabled", "notifies", "mails", "mail_to", "webhook_id", "quiet_id",
)  # fmt: skip


def all_rules():
    return db.session.scalars(
        select(AlarmRule)
        .where(KEPT)
        .order_by(AlarmRule.enabled.desc(), AlarmRule.name, AlarmRule.id)
        .options(
            selectinload(AlarmRule.queue),
            selectinload(AlarmRule.account),
            selectinload(AlarmRule.webhook),
            selectinload(AlarmRule.quiet),
        )
    ).all()


def found(id):
    """The rule; None where there is none, or no more."""
    return db.session.scalar(select(AlarmRule).where(AlarmRule.id == id, KEPT))


def add(values, by):
    rule = AlarmRule(**{name: values[name] for name in COLUMNS})
    db.session.add(rule)
    db.session.flush()
    record(by, "added", rule, after={name: values[name] for name in COLUMNS})
    return rule


def change(rule, values, by):
    """What it was alarmed about by other words ends now; it begins anew by these."""
    before = {name: getattr(rule, name) for name in COLUMNS}
    was, is_now = differences(before, {name: values[name] for name in COLUMNS})
    if not is_now:
        return
    if {"figure", "scope", "queue_id", "account_id", "comparison", "bound"} & set(is_now):
        _end_open(rule)  # and tell so in the words that were
    for name in is_now:
        setattr(rule, name, values[name])
    record(by, "changed", rule, before=was, after=is_now)


def switch(rule, on, by):
    change(rule, {name: getattr(rule, name) for name in COLUMNS} | {"enabled": on}, by)


def delete(rule, by):
    """The rule and its history; whoever heard of an alarm hears that it is over. A rule that has
    this still to write by mail is hidden, and goes with `sweep`."""
    _end_open(rule)
    record(by, "deleted", rule, before={name: getattr(rule, name) for name in COLUMNS})
    now = utcnow()
    if db.session.scalar(select(_has_to_write(now)).where(AlarmRule.id == rule.id)):
        rule.enabled, rule.deleted_at = False, now
    else:
        db.session.delete(rule)


def sweep(now=None):
    """Deleted rules go for good once they have nothing to write any more."""
    gone = delete_rows(AlarmRule).where(~KEPT, ~_has_to_write(now or utcnow()))
    db.session.execute(gone.execution_options(synchronize_session=False))


def counts():
    """{rule id: how often it fired in all its kept history}"""
    found = select(Alarm.rule_id, func.count()).where(Alarm.fired_at.is_not(None))
    return dict(db.session.execute(found.group_by(Alarm.rule_id)).all())


def _has_to_write(now):
    of_it = Alarm.rule_id == AlarmRule.id, mailing.over_untold(now)
    return exists().where(*of_it).correlate(AlarmRule)


def _end_open(rule):
    opened = select(Alarm).where(Alarm.rule_id == rule.id, Alarm.ended_at.is_(None))
    for alarm in db.session.scalars(opened).all():
        if alarm.fired_at:
            alarm.ended_at = utcnow()
            telling.ended(alarm)
        else:
            db.session.delete(alarm)
    db.session.flush()
    push.changed(ROOM)
