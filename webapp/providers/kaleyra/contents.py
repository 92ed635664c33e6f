"""What a flat message says: its variables brought into Meta's form, then read as Meta's are."""

import hashlib
import mimetypes
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from ..events import MediaRef, MessageKind
from ..meta.contents import Content, content_of
from ..reading import dict_of, list_of, text_of
from .decoding import structured
from .identifiers import kaleyra_id

FILES = ("image", "video", "audio", "document", "sticker")
_KINDS = {"voice": "audio", "contact": "contacts", "file": "document", "ptt": "audio"}
_NO_LINK = "Kaleyra passed on no link to this file."


def raw_message(variables: dict) -> dict:
    """The variable `message`: the message as WhatsApp gave it, an object or one in an array."""
    message = structured(variables.get("message"))
    return dict_of(next(iter(list_of(message)), None)) or dict_of(message)


def kind_of(variables: dict) -> str:
    name = text_of(variables.get("type")) or text_of(raw_message(variables).get("type"))
    return name.strip().lower() or ("text" if variables.get("body") else "")


def content_of_variables(variables: dict) -> Content:
    name, message = kind_of(variables), raw_message(variables)
    kind = _KINDS.get(name, name)
    if kind in FILES or (kind not in _BUILDERS and variables.get("media_url")):
        return _file(name, kind, variables, message)
    body = _both(_BUILDERS.get(kind, _nothing)(variables), message.get(kind))
    said = content_of({**message, "type": kind, kind: with_phone_lists(kind, body)})
    # What is no JSON, and a kind we never heard of, still says something to the person reading.
    text = text_of(variables.get("body")) or text_of(variables.get(kind))
    if said.kind is MessageKind.UNSUPPORTED and text:
        return Content(MessageKind.TEXT, text, {"type": name})
    return said


def _both(variables, message):
    """The raw message knows best, the variables fill its gaps."""
    if not isinstance(message, dict | list) or not message:
        return variables
    if isinstance(message, list) or not isinstance(variables, dict):
        return message
    return {**variables, **{key: value for key, value in message.items() if value}}


def _file(name, kind, variables, message):
    mime_type = text_of(variables.get("mime_type"))
    if kind not in FILES:
        family = mime_type.partition("/")[0]
        kind = family if family in FILES else "document"
    given = dict_of(message.get(kind))
    link = text_of(variables.get("media_url"))
    captions = variables.get("body"), given.get("caption"), message.get("caption")
    text = next(filter(None, map(text_of, captions)), "")
    filename = text_of(given.get("filename")) or _name_in(link)
    body = {
        "mime_type": mime_type,
        **given,
        "id": text_of(given.get("id")) or link_id(link),
        "url": link,
        # A document without a caption has its name in `body`.
        "filename": text if _looks_like_name(kind, text, filename) else filename,
        "caption": "" if _looks_like_name(kind, text, filename) else text,
    }
    if name in ("voice", "ptt"):
        body["voice"] = True
    said = content_of({**message, "type": kind, kind: body})
    return said if link else without_file(said, name)


def without_file(said: Content, name: str) -> Content:
    """A file's message that came without its link."""
    if not said.text:
        return Content(MessageKind.UNSUPPORTED, "", {"type": name, "note": _NO_LINK})
    return replace(said, media=None, content={**said.content, "note": _NO_LINK})


def link_id(link: str) -> str:
    """The link is all there is; its digest is a name for it of bounded length."""
    return hashlib.sha256(link.encode("utf-8", "replace")).hexdigest() if link else ""


def _name_in(link):
    try:
        return unquote(urlsplit(link).path).rpartition("/")[2]
    except ValueError:
        return ""


def _looks_like_name(kind, text, filename):
    if kind != "document" or not text:
        return False
    guessed, _ = mimetypes.guess_type(text)
    return text == filename or (guessed is not None and "\n" not in text and len(text) < 200)


def media_by_link(media: MediaRef | None, link: str) -> MediaRef | None:
    """Meta's media id can't be fetched with a key of Kaleyra's: only the link can."""
    return replace(media, url=link) if media and link else None


def with_phone_lists(kind, body):
    """Contacts in Meta's form; the documentation shows one with an object for `phones`."""
    if kind != "contacts":
        return body
    cards = structured(body)
    cards = [cards] if isinstance(cards, dict) else list_of(cards)
    return [_with_list(card) for card in cards if isinstance(card, dict)]


def _with_list(card):
    lists = {
        name: [card[name]] for name in ("phones", "emails") if isinstance(card.get(name), dict)
    }
    return {**card, **lists}


def _text(variables):
    return {"body": text_of(variables.get("body"))}


def _location(variables):
    return structured(variables.get("location"))


def _contacts(variables):
    return structured(variables.get("contacts"))


def _button(variables):
    payload = text_of(variables.get("payload"))
    return {"payload": payload, "text": text_of(variables.get("body")) or payload}


def _interactive(variables):
    """Only title and payload come as variables (unconfirmed): lists read like buttons then."""
    payload = structured(variables.get("payload"))
    if isinstance(payload, dict) and payload.get("type"):
        return payload
    title = text_of(variables.get("body")) or text_of(payload)
    return {"type": "button_reply", "button_reply": {"id": text_of(payload), "title": title}}


def _reaction(variables):
    target = kaleyra_id(variables.get("reply_to"))
    return {"message_id": target, "emoji": text_of(variables.get("body"))}


def _nothing(variables):
    return None


_BUILDERS = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "reaction": _reaction,
}
