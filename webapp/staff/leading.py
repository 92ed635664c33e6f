"""What leaders do with the people they lead, from the board; each leaves an audit row."""

from webapp.extensions import db
from webapp.queues import members
from webapp.staff import presence, signing_in
from webapp.staff.models import Presence, User, record


def pause(person, reason, by):
    """They keep their conversations and ring no more, until they or a leader end it."""
    _set(person, Presence.PAUSED, by, "paused", reason)


def unpause(person, by):
    _set(person, Presence.AVAILABLE, by, "unpaused")


def sign_out(person, by):
    """Offline, and signed out of every browser; their conversations stay theirs."""
    _set(person, Presence.OFFLINE, by, "signed out")
    signing_in.end_all(person)


def set_queues(person, queue_ids, by):
    """A member of these queues and no others; whether that changed anything."""
    before = list(members.queue_ids_of(person.id))
    members.set_queues(person, queue_ids)
    after = list(members.queue_ids_of(person.id))
    if before != after:
        record(by, "moved", person, before={"queues": before}, after={"queues": after})
    return before != after


def _set(person, state, by, action, reason=None):
    before = {"presence": str(person.presence), "reason": person.pause_reason}
    presence.set_presence(person, state, reason)
    now = db.session.get(User, person.id)
    after = {"presence": str(now.presence), "reason": now.pause_reason}
    record(by, action, person, before=before, after=after)
