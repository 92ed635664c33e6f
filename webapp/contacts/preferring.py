"""What customers ask for: that marketing stops, or may go on."""

from sqlalchemy import select

from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import AuditEntry, record

ACTIONS = {"stop": "opted_out", "resume": "opted_in"}
ACTOR = "WhatsApp"


def follow(contact, event):
    """Apply one PreferenceChange, once: a repeat must not undo what the customer said since."""
    action, moment = ACTIONS[event.value], {"at": event.at.isoformat()}
    at = min(event.at, utcnow())  # one dated ahead could not be taken back until then
    if any(entry.after == moment for entry in _entries(contact, action)):
        return
    record(ACTOR, action, contact, after=moment)
    stopped = contact.opted_out_at
    if event.value == "stop":
        contact.opted_out_at = max(stopped or at, at)
    elif stopped is not None and stopped <= at:
        contact.opted_out_at = None


def _entries(contact, action):
    return db.session.scalars(
        select(AuditEntry).where(
            AuditEntry.subject == "contacts",
            AuditEntry.subject_id == contact.id,
            AuditEntry.action == action,
        )
    )
