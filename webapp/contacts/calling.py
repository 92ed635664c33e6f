"""What we call a contact: first and last name, and the two together as everything shows them."""

LONGEST_PART = 100
LONGEST = 200


def call(contact, first_name, last_name):
    """Set both parts, and `name`, which lists, search and conversations read."""
    contact.first_name = _plain(first_name)[:LONGEST_PART]
    contact.last_name = _plain(last_name)[:LONGEST_PART]
    contact.name = " ".join(filter(None, (contact.first_name, contact.last_name)))[:LONGEST]


def _plain(text):
    return " ".join((text or "").replace("\x00", "").split())
