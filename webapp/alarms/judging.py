"""Holds the figures against the rules: what is broken long enough fires, what is mended ends."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from webapp.alarms import reading, telling, wording
from webapp.alarms.figures import FIGURES
from webapp.alarms.models import ROOM, Alarm, AlarmRule, Comparison
from webapp.apart import apart
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.live import push
from webapp.staff.models import record
from webapp.unit_of_work import unit_of_work

# A figure that swings round its bound is one alarm, not many.
CALM_FOR = timedelta(minutes=1)
# Nobody looked for so long: whether it was so all the time is not known.
UNWATCHED = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Breach:
    """A figure beyond its bound at this moment."""

    name: str
    value: float
    bound: float


def look(board, now=None):
    """One pass over all rules by the board's figures; none is computed while there is no rule."""
    now = now or utcnow()
    if any(rule.enabled for rule in _rules()) or db.session.scalar(_open().limit(1)):
        judge(reading.readings(board, now), now)


def judge(readings, now):
    """Fire, bring up to date and end alarms by these figures: figure → its `Reading`s.

    Each rule alone. What could not be read is not among them: its alarms stay as they are.
    """
    for rule_id in _concerned(readings):
        with apart("the alarm rule %s", rule_id), unit_of_work():
            _judge(db.session.get(AlarmRule, rule_id), readings, now)


def acknowledge(alarm, by, now=None):
    """Somebody looks after it; true if nobody had said so before."""
    won = db.session.execute(
        update(Alarm)
        .where(Alarm.id == alarm.id, Alarm.fired_at.is_not(None))
        .where(Alarm.acknowledged_at.is_(None), Alarm.ended_at.is_(None))
        .values(acknowledged_at=now or utcnow(), acknowledged_by_id=by.id)
        .execution_options(synchronize_session=False)
    ).rowcount
    db.session.refresh(alarm)
    if won:
        record(by, "acknowledged", alarm, after={"alarm": wording.headline(alarm)})
        telling.acknowledged(alarm)
        push.changed(ROOM)
    return bool(won)


def _concerned(readings):
    """Ids of the rules that are broken, or were."""
    rules, found = _rules(), set(db.session.scalars(_open().with_only_columns(Alarm.rule_id)))
    for rule in rules:
        with apart("the alarm rule %s", rule.id):
            if rule.enabled and _breaches(rule, readings):
                found.add(rule.id)
    return sorted(found)


def _judge(rule, readings, now):
    if rule is None or (rule.enabled and _is_unread(rule.figure, readings)):
        return
    opened = {alarm.subject: alarm for alarm in db.session.scalars(_open(rule))}
    breaches = _breaches(rule, readings) if rule.enabled else {}
    for subject, breach in breaches.items():
        _found(rule, subject, breach, opened.pop(subject, None), now)
    for alarm in opened.values():
        _not_found(alarm, now)


def _is_unread(figure, readings):
    return figure in FIGURES and figure not in readings


def _rules():
    return db.session.scalars(select(AlarmRule).order_by(AlarmRule.id)).all()


def _open(rule=None):
    """The SELECT of the alarms that are so, or may become it."""
    found = select(Alarm).where(Alarm.ended_at.is_(None))
    return found.where(Alarm.rule_id == rule.id) if rule else found


def _breaches(rule, readings):
    """The subjects this rule is about whose figure is beyond the bound."""
    found = {}
    for one in readings.get(rule.figure, ()):
        bound = one.target if rule.bound is None else rule.bound
        if _concerns(rule, one.subject) and bound is not None and _beyond(rule, one.value, bound):
            found[one.subject] = Breach(one.name, one.value, bound)
    return found


def _concerns(rule, subject):
    kind, _, number = subject.partition(":")
    if (kind or "all") != rule.scope:
        return False
    wanted = rule.queue_id if kind == "queue" else rule.account_id
    return wanted is None or number == str(wanted)


def _beyond(rule, value, bound):
    if value is None:
        return False
    return value > bound if rule.comparison == Comparison.ABOVE else value < bound


def _found(rule, subject, breach, alarm, now):
    if alarm is None:
        alarm = Alarm(rule_id=rule.id, rule=rule, subject=subject, began_at=now, worst=breach.value)
        db.session.add(alarm)
    elif not alarm.fired_at and now - alarm.seen_at > UNWATCHED:
        alarm.began_at, alarm.worst = now, breach.value
    worse = max if rule.comparison == Comparison.ABOVE else min
    changed = alarm.value != breach.value
    alarm.name, alarm.value, alarm.bound = breach.name, breach.value, breach.bound
    alarm.worst, alarm.seen_at = worse(alarm.worst, breach.value), now
    db.session.flush()
    if not alarm.fired_at and now - alarm.began_at >= timedelta(minutes=rule.minutes):
        alarm.fired_at = now
    if alarm.fired_at:
        telling.fired(alarm, now)
        if changed or alarm.fired_at == now:
            push.changed(ROOM)


def _not_found(alarm, now):
    if not alarm.fired_at:
        db.session.delete(alarm)
    elif not alarm.rule.enabled or now - alarm.seen_at >= CALM_FOR:
        alarm.ended_at = now
        telling.ended(alarm)
        push.changed(ROOM)
