"""WhatsApp's own message inside what Sinch could not convert: read as Meta's, as far as it goes."""

import dataclasses

from ..base import MessageKind
from ..meta.contents import Content
from ..meta.contents import content_of as whatsapp_content
from ..reading import NotJson, clean, dict_of, list_of, load, text_of


def raw_message(given) -> dict:
    """The message in a raw body, which may be the message alone or a whole webhook of Meta's."""
    found = given
    if isinstance(given, str):
        try:
            found = load(given.encode("utf-8", "replace"))
        except NotJson:
            return {}
    found = dict_of(found)
    for step in ("entry", "changes"):
        found = dict_of(next(iter(list_of(found.get(step))), found))
    found = dict_of(found.get("value")) or found
    return dict_of(next(iter(list_of(found.get("messages"))), found))


def content_of_raw(given, reason: str = "") -> Content:
    message = raw_message(given)
    if not text_of(message.get("type")):
        return unsupported("", reason)
    said = whatsapp_content(message)
    if said.media is None:
        return said
    # Its file is kept at Meta for Sinch's token, not for ours.
    note = "Sinch did not pass this file on. Ask the customer to send it again."
    return dataclasses.replace(said, media=None, content={**said.content, "note": note})


def unsupported(name: str, reason: str = "") -> Content:
    note = "Sinch could not convert this message. Ask the customer to send it another way."
    return Content(
        MessageKind.UNSUPPORTED, "", clean({"type": name, "note": note, "reason": reason})
    )
