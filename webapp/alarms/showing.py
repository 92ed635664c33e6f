"""What the pages show of alarms: those that are so now, and those that were."""

from sqlalchemy import or_, select, true
from sqlalchemy.orm import selectinload

from webapp.alarms import wording
from webapp.alarms.models import KEPT, Alarm, AlarmRule, Scope
from webapp.extensions import db
from webapp.tables.spec import Column, Filter, Table

PAGE = 30
FIRED = Alarm.fired_at.is_not(None)


def open_alarms(led=None):
    """What fired and is so still, as far as whoever leads these queues sees it: first what nobody
    looks after, the gravest and oldest first."""
    found = select(Alarm).join(AlarmRule).where(FIRED, Alarm.ended_at.is_(None), visible(led))
    return db.session.scalars(
        found.order_by(
            Alarm.acknowledged_at.is_not(None), AlarmRule.critical.desc(), Alarm.began_at, Alarm.id
        ).options(selectinload(Alarm.rule), selectinload(Alarm.acknowledged_by))
    ).all()


def visible(led):
    """The SQL condition for the alarms that a leader of these queues sees, None for all: on queues,
    those on their own."""
    if led is None:
        return true()
    of_mine = Alarm.subject.in_([f"{Scope.QUEUE}:{queue_id}" for queue_id in led])
    return or_(of_mine, ~Alarm.subject.startswith(f"{Scope.QUEUE}:"))


def notices(led=None):
    """The open ones people are to be told of, and that nobody looks after yet."""
    return [
        alarm
        for alarm in open_alarms(led)
        if alarm.rule.notifies and alarm.told_at and not alarm.acknowledged_at
    ]


def ended(led=None):
    return (
        select(Alarm)
        .join(AlarmRule)
        .where(FIRED, Alarm.ended_at.is_not(None), KEPT, visible(led))
        .options(selectinload(Alarm.rule), selectinload(Alarm.acknowledged_by))
    )


def _of_rule(value):
    return Alarm.rule_id == int(value[:18])


def _rules():
    found = select(AlarmRule.id, AlarmRule.name).where(KEPT).order_by(AlarmRule.name)
    return [(str(id), name) for id, name in db.session.execute(found)]


ENDED = Table(
    name="alarms",
    key=Alarm.id,
    columns=(
        Column("what", "What", None, wording.headline, fixed=True),
        Column("rule", "Rule", None, lambda alarm: alarm.rule.name, shown=False),
        Column("began", "Began", Alarm.began_at, lambda alarm: alarm.began_at, classes="num"),
        Column("ended", "Ended", Alarm.ended_at, lambda alarm: alarm.ended_at, classes="num"),
        Column(
            "lasted", "Lasted", None, lambda alarm: alarm.ended_at - alarm.began_at, classes="num"
        ),
        Column(
            "by",
            "Looked after by",
            None,
            lambda alarm: alarm.acknowledged_by.name if alarm.acknowledged_by else "",
        ),
    ),
    sort="-began",
    filters=(Filter("rule", "Rule", _of_rule, _rules),),
    page_size=PAGE,
)
