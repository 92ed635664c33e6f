"""What a queue is measured by: its service level, and how many may wait, how long."""

from webapp.extensions import db
from webapp.staff.models import differences, record

COLUMNS = ("service_seconds", "service_percent", "most_waiting", "longest_wait")
MOST_SECONDS = 86_400


def set_targets(queue, values, by):
    """Change some of them; ValueError says what is wrong. Figures of the past follow."""
    before = facts(queue)
    for name, value in values.items():
        setattr(queue, name, _checked(name, value))
    db.session.flush()
    old, new = differences(before, facts(queue))
    if new:
        record(by, "changed targets", queue, before=old, after=new)


def facts(queue):
    return {name: getattr(queue, name) for name in COLUMNS}


def _checked(name, value):
    if name not in COLUMNS:
        raise ValueError(f"A queue has no target “{name}”.")
    if name == "service_percent" and not 1 <= value <= 100:
        raise ValueError("A service level is between 1 and 100 percent.")
    if not 1 <= value <= MOST_SECONDS:
        raise ValueError("A target is at least 1, and no longer than a day.")
    return value
