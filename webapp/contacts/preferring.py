"""What customers set in WhatsApp itself: that marketing stops, or may go on."""

from webapp.contacts import consenting

GIVEN = {"stop": False, "resume": True}


def follow(contact, event):
    """Apply one PreferenceChange, once: a repeat must not undo what the customer said since."""
    words = str(event.raw.get("detail") or "")
    consenting.record(contact, GIVEN[event.value], "whatsapp", words=words, at=event.at)
