"""When the demo's agents were at their desks, so that their day and the past have much to show."""

from datetime import timedelta

from sqlalchemy import update

from webapp.analytics import keeping
from webapp.analytics.models import AgentInterval
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import Presence, User
from webapp.unit_of_work import unit_of_work

SINCE = timedelta(days=30)
# (minutes ago, state, reason)
ANA = (
    (372, Presence.AVAILABLE, None),
    (190, Presence.PAUSED, "Lunch"),
    (157, Presence.AVAILABLE, None),
    (61, Presence.PAUSED, "Break"),
    (50, Presence.AVAILABLE, None),
    (0, Presence.OFFLINE, None),
)
BEN = (
    (331, Presence.AVAILABLE, None),
    (262, Presence.PAUSED, "Training"),
    (221, Presence.AVAILABLE, None),
    (148, Presence.PAUSED, "Lunch"),
    (119, Presence.AVAILABLE, None),
    (0, Presence.OFFLINE, None),
)


def tell(who):
    now = utcnow().replace(microsecond=0)
    with unit_of_work():
        for user_id, day in ((who.ana, ANA), (who.ben, BEN)):
            person = db.session.get(User, user_id)
            person.created_at = now - SINCE
            known = update(AgentInterval).where(AgentInterval.user_id == user_id)
            db.session.execute(known.values(from_at=person.created_at))
            for minutes, state, reason in day:
                keeping.agent_is(person, state, reason, now - timedelta(minutes=minutes))
