"""Named values: kept, given back, and on record."""

from sqlalchemy import select

from webapp.extensions import db
from webapp.settings import values
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work


def test_a_value_nobody_set_is_the_default(app):
    assert values.get("greeting", {"text": "Hello"}) == {"text": "Hello"}


def test_a_value_is_kept_and_each_change_is_on_record(admin):
    for text in ("Hello", "Good day", "Good day"):
        with unit_of_work():
            values.put("greeting", {"text": text}, by=admin)
    assert values.get("greeting") == {"text": "Good day"}
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.actor_id, entry.subject) for entry in entries] == [(admin.id, "settings")] * 2
    assert entries[1].before == {"greeting": {"text": "Hello"}}
    assert entries[1].after == {"greeting": {"text": "Good day"}}
