"""What customers set in WhatsApp itself: that marketing stops, or may go on."""

from webapp.contacts import consenting, telling

GIVEN = {"stop": False, "resume": True}
SAID = {"stop": "Asked to stop marketing", "resume": "Agreed to marketing again"}


def stops(event):
    return not GIVEN[event.value]


def follow(contact, event):
    """Apply one PreferenceChange, once: a repeat must not undo what the customer said since."""
    words = str(event.raw.get("detail") or "")
    given = GIVEN[event.value]
    entry = consenting.record(contact, given, "whatsapp", words=words, at=event.at)
    if entry is not None:
        telling.note(contact, consenting.ACTIONS[given], SAID[event.value], words)
