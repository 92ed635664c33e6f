"""Sends an approved template to the phone of whoever writes it, with its examples as values."""

from webapp.inbox import sending, starting
from webapp.message_templates import parts

A_PLACE = {"latitude": 52.5163, "longitude": 13.3777, "name": "A place", "address": "An example"}


def why_not(template):
    """Why there is nothing to try; empty where there is."""
    if template.is_sendable:
        return ""
    return "A test can be sent once it is approved: WhatsApp delivers no other."


def send(template, number, by, client_key):
    """In a conversation of the tester's own, through the gate like any other message: it counts
    as theirs and nobody else's. ValueError and the refusals of both say why not."""
    return send_with(template.account, template, number, by, _examples(template), client_key)


def send_with(account, template, number, by, values, client_key, file=None):
    """The same from another number of the WABA, with values of one's own: {(where, key): text}."""
    reason = why_not(template)
    if reason:
        raise ValueError(reason)
    contact = starting.contact_of(account, number)
    talk = starting.start(account, contact, by)
    place = _place(template)
    return sending.send_template(talk, by, template, values, client_key, file, place)


def _examples(template):
    """What reviewers were shown; a variable without one shows what it is called."""
    found = parts.variables(template.components)
    return {(one.where, one.key): one.example or one.label for one in found}


def _place(template):
    head = parts.header(template.components)
    return A_PLACE if head and head.format == "location" else None
