"""Which queues a supervisor leads: set on the person's page or by command, with an audit row."""

from sqlalchemy import delete, select

from webapp.extensions import db
from webapp.staff.models import LedQueue, differences, record


def led_ids(person):
    """The queues that were chosen for this person, whether or not they lead all."""
    rows = select(LedQueue.queue_id).where(LedQueue.user_id == person.id)
    return db.session.scalars(rows.order_by(LedQueue.queue_id)).all()


def assign(person, queue_ids, by):
    """From now on they see and steer these queues alone; None: all of them. Whether that changed
    anything."""
    before = facts(person)
    person.leads_all = queue_ids is None
    db.session.execute(delete(LedQueue).where(LedQueue.user_id == person.id))
    chosen = sorted(set(queue_ids or ()))
    db.session.add_all(LedQueue(user_id=person.id, queue_id=queue_id) for queue_id in chosen)
    db.session.flush()
    was, is_now = differences(before, facts(person))
    if is_now:
        record(by, "assigned", person, before=was, after=is_now)
    return bool(is_now)


def lead_too(person, queue):
    """Whoever leads some queues alone leads the one that they add as well."""
    if not getattr(person, "leads_all", True):
        db.session.add(LedQueue(user_id=person.id, queue_id=queue.id))
        db.session.flush()


def facts(person):
    return {"leads": "all" if person.leads_all else list(led_ids(person))}
