"""How a crowd's phones behave that nobody set up one by one: the demo's campaigns go to them.

Most read what they get, some only get it, a few are not on WhatsApp, and a few answer. It follows
from the number, so that the same person does the same each time.
"""

from .sandbox import DELIVERED, NO_ANSWER, READ, SENT

NUMBERS = "1555017"  # +1 555 017 …: no number of that block is given out
NOT_ON_WHATSAPP = "refused:131026"
# (of 100 people so many, what their phone does), in turn
SHARES = ((3, NOT_ON_WHATSAPP), (1, NO_ANSWER), (3, SENT), (20, DELIVERED))
ANSWERING = 5  # of 100, all of them among those who read
ANSWERS = ("Yes, please", "Thank you!", "Can we make it a day later?")


def number(place):
    """The phone of the crowd's member at this place, up to 9,999."""
    return f"{NUMBERS}{place:04}"


def behaviour(phone):
    """What this phone does; one that is in no crowd reads everything."""
    if not phone.startswith(NUMBERS):
        return READ
    left = _lot(phone)
    for share, does in SHARES:
        if left < share:
            return does
        left -= share
    return READ


def answer(phone):
    """What its owner writes back to a template; empty for most."""
    if not phone.startswith(NUMBERS) or _lot(phone) < 100 - ANSWERING:
        return ""
    return ANSWERS[_lot(phone) % len(ANSWERS)]


def _lot(phone):
    """0 to 99, spread over neighbouring numbers."""
    return int(phone[len(NUMBERS) :] or 0) * 61 % 100
