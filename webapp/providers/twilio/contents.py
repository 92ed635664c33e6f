"""What a customer's message says: its kind, readable text, structured rest and media.

Fields: twilio.com/docs/messaging/guides/webhook-request. `MessageType` helps where it is there; its
values are not documented, so nothing depends on it alone.
"""

import re
from dataclasses import dataclass, field, replace

from ..base import MediaRef, MessageKind
from ..reading import NotJson, dict_of, load, number_of

MOST_MEDIA = 10
VCARD = {"text/vcard", "text/x-vcard", "text/directory"}
_FILE_NAME = re.compile(r"[^\r\n/\\]{1,200}\.[A-Za-z0-9]{1,8}")
_BY_MESSAGE_TYPE = {
    "sticker": MessageKind.STICKER,
    "voice": MessageKind.VOICE,
    "document": MessageKind.DOCUMENT,
    "contacts": MessageKind.CONTACTS,
}
_BY_MEDIA_TYPE = {
    "image": MessageKind.IMAGE,
    "video": MessageKind.VIDEO,
    "audio": MessageKind.AUDIO,
}


@dataclass(frozen=True, slots=True)
class Content:
    kind: MessageKind
    text: str = ""
    content: dict = field(default_factory=dict)
    media: MediaRef | None = None
    part: str = ""  # which of several files this is; empty for the one that has the text


def contents_of(fields: dict[str, str]) -> list[Content]:
    """One message, or as many as there are files: a bubble of ours holds one."""
    if (number_of(fields.get("NumMedia")) or 0) > 0 or fields.get("MediaUrl0"):
        return _files(fields)
    return [_without_file(fields)]


def _without_file(fields):
    if fields.get("Latitude") and fields.get("Longitude"):
        return _location(fields)
    if fields.get("FlowData") or fields.get("InteractiveData"):
        return _flow_reply(fields)
    if fields.get("ListId") or fields.get("ListTitle"):
        return _list_reply(fields)
    if fields.get("ButtonText"):
        return _quick_reply(fields)
    if fields.get("ButtonPayload"):
        return _list_reply(fields)
    # A reaction comes as a text, if it comes at all (unconfirmed).
    if fields.get("Body"):
        return Content(MessageKind.TEXT, fields["Body"])
    return _unsupported(fields)


def _files(fields):
    refs = [
        _media_ref(fields[f"MediaUrl{number}"], fields.get(f"MediaContentType{number}", ""))
        for number in range(MOST_MEDIA)
        if fields.get(f"MediaUrl{number}")
    ]
    if not refs:
        kind = _BY_MESSAGE_TYPE.get(fields.get("MessageType", ""), MessageKind.DOCUMENT)
        return [Content(kind, fields.get("Body", ""))]
    # By their ids, not by their order: a look-up may list them in another one.
    first = min(ref.id for ref in refs)
    return [_file(fields, ref, "" if ref.id == first else ref.id) for ref in refs]


def _media_ref(url, mime_type):
    sid = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return MediaRef(id=sid or url, mime_type=mime_type, url=url)


def _file(fields, ref, part):
    text = "" if part else fields.get("Body", "")
    kind = _kind_of(ref.mime_type, fields.get("MessageType", ""))
    if kind is MessageKind.VOICE:
        ref = replace(ref, voice=True)
    if kind is MessageKind.DOCUMENT and _FILE_NAME.fullmatch(text):
        # A document's name stands where a caption would (unconfirmed).
        ref, text = replace(ref, filename=text), ""
    if _bare_type(ref.mime_type) in VCARD:
        ref = replace(ref, filename=ref.filename or "contact.vcf")
    return Content(kind, text, {}, ref, part)


def _kind_of(mime_type, message_type):
    bare = _bare_type(mime_type)
    if bare in VCARD:
        # The card itself is in the file, so it is shown as one until somebody reads it.
        return MessageKind.DOCUMENT
    if message_type in _BY_MESSAGE_TYPE and message_type != "contacts":
        return _BY_MESSAGE_TYPE[message_type]
    if bare == "image/webp" and message_type != "image":
        return MessageKind.STICKER
    if bare in ("audio/ogg", "audio/opus"):
        return MessageKind.VOICE
    return _BY_MEDIA_TYPE.get(bare.partition("/")[0], MessageKind.DOCUMENT)


def _bare_type(mime_type):
    return mime_type.partition(";")[0].strip().lower()


def _location(fields):
    place = {
        "latitude": number_of(fields["Latitude"]),
        "longitude": number_of(fields["Longitude"]),
        "name": fields.get("Label", ""),
        "address": fields.get("Address", ""),
        "url": "",
    }
    text = ", ".join(part for part in (place["name"], place["address"]) if part)
    return Content(MessageKind.LOCATION, text or fields.get("Body", ""), place)


def _flow_reply(fields):
    answers = _json(fields.get("FlowData"))
    interactive = _json(fields.get("InteractiveData"))
    name = fields.get("FlowName", "")
    content = {"name": name, "answers": answers or interactive}
    return Content(MessageKind.FLOW_REPLY, fields.get("Body", ""), content)


def _json(text):
    try:
        return dict_of(load((text or "").encode()))
    except NotJson:
        return {}


def _list_reply(fields):
    content = {
        "id": fields.get("ListId") or fields.get("ButtonPayload", ""),
        "description": fields.get("ListDescription", ""),
    }
    title = fields.get("ListTitle") or fields.get("Body", "")
    return Content(MessageKind.LIST_REPLY, title, content)


def _quick_reply(fields):
    payload = fields.get("ButtonPayload", "")
    if fields.get("MessageType") == "interactive":
        return Content(MessageKind.BUTTON_REPLY, fields["ButtonText"], {"id": payload})
    return Content(MessageKind.BUTTON, fields["ButtonText"], {"payload": payload})


def _unsupported(fields):
    name = fields.get("MessageType", "")
    note = "This is a message of a kind that Twilio does not pass on."
    if name == "reaction":
        note = "The customer took a reaction back."
    return Content(MessageKind.UNSUPPORTED, "", {"type": name, "note": note})
