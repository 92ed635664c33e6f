"""When we last had contact with somebody: what lists sort by, written down now and then."""

from datetime import timedelta

STEP = timedelta(minutes=10)


def touched(contact, at):
    """At most one write each ten minutes; ours and theirs alike."""
    last = contact.last_contact_at
    if last is None or at - last >= STEP:
        contact.last_contact_at = at
