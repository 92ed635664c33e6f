"""Named values that admins change at run time; each change leaves an audit row."""

from webapp.extensions import db
from webapp.settings.models import Setting
from webapp.staff.models import record


def get(name, default=None):
    row = db.session.get(Setting, name)
    return default if row is None else row.value


def put(name, value, by):
    """Keep the value; what stays as it was leaves no trace."""
    row = db.session.get(Setting, name)
    before = row.value if row else None
    if before == value:
        return
    if row is None:
        row = Setting(name=name)
        db.session.add(row)
    row.value = value
    row.updated_by_id = getattr(by, "id", None)
    db.session.flush()
    record(by, "changed", row, before={name: before}, after={name: value})
