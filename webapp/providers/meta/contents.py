"""What a WhatsApp message says: its kind, readable text, structured rest and media."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..base import MediaRef, MessageKind
from ..reading import NotJson, dict_of, list_of, load, number_of, text_of
from .errors import fault_of


@dataclass(frozen=True, slots=True)
class Content:
    kind: MessageKind
    text: str = ""
    content: dict = field(default_factory=dict)
    media: MediaRef | None = None
    reply_to: str | None = None


def content_of(message: dict) -> Content:
    """`message` is one of `messages[]`, of `message_echoes[]`, or an edited one's inner body."""
    name = text_of(message.get("type"))
    read, body = _READERS.get(name), message.get(name)
    if read is None or not isinstance(body, list if name == "contacts" else dict):
        return _unsupported(message)
    return read(message, body)


def _text(message, body):
    text = text_of(body.get("body"))
    return Content(MessageKind.TEXT, text) if text else _unsupported(message)


def _media(kind) -> Callable:
    def read(message, body):
        content = {"note": _error_note(message)} if message.get("errors") else {}
        media_id = text_of(body.get("id"))
        media = _media_ref(media_id, body) if media_id else None
        return Content(kind, text_of(body.get("caption")), content, media)

    return read


def _media_ref(media_id, body):
    return MediaRef(
        id=media_id,
        mime_type=text_of(body.get("mime_type")),
        sha256=text_of(body.get("sha256")),
        filename=text_of(body.get("filename")),
        url=text_of(body.get("url")),
        voice=body.get("voice") is True,
        animated=body.get("animated") is True,
    )


def _audio(message, body):
    kind = MessageKind.VOICE if body.get("voice") is True else MessageKind.AUDIO
    return _media(kind)(message, body)


def _location(message, body):
    place = {
        "latitude": number_of(body.get("latitude")),
        "longitude": number_of(body.get("longitude")),
        "name": text_of(body.get("name")),
        "address": text_of(body.get("address")),
        "url": text_of(body.get("url")),
    }
    text = ", ".join(part for part in (place["name"], place["address"]) if part)
    return Content(MessageKind.LOCATION, text, place)


def _contacts(message, body):
    cards = [_card(card) for card in list_of(body) if isinstance(card, dict)]
    content = {"contacts": cards}
    if message.get("origin") == "contact_request":
        content["requested"] = True
    return Content(MessageKind.CONTACTS, ", ".join(card["name"] for card in cards), content)


def _card(card):
    phones = [
        {key: text_of(phone.get(key)) for key in ("phone", "wa_id", "type")}
        for phone in list_of(card.get("phones"))
        if isinstance(phone, dict)
    ]
    emails = [text_of(dict_of(email).get("email")) for email in list_of(card.get("emails"))]
    org = dict_of(card.get("org"))
    name = text_of(dict_of(card.get("name")).get("formatted_name")) or _vcard_name(card)
    return {
        "name": name or next((phone["phone"] for phone in phones if phone["phone"]), ""),
        "phones": phones,
        "emails": [email for email in emails if email],
        "organisation": text_of(org.get("company")),
        "title": text_of(org.get("title")),
        "birthday": text_of(card.get("birthday")),
    }


def _vcard_name(card):
    # A number given on request comes without `name`, as a vCard alone.
    lines = text_of(card.get("vcard")).splitlines()
    return next((line[3:].strip() for line in lines if line.upper().startswith("FN:")), "")


def _button(message, body):
    content = {"payload": text_of(body.get("payload"))}
    return Content(MessageKind.BUTTON, text_of(body.get("text")), content)


def _interactive(message, body):
    name = text_of(body.get("type"))
    reply = dict_of(body.get(name))
    if name == "button_reply":
        content = {"id": text_of(reply.get("id"))}
        return Content(MessageKind.BUTTON_REPLY, text_of(reply.get("title")), content)
    if name == "list_reply":
        content = {key: text_of(reply.get(key)) for key in ("id", "description")}
        return Content(MessageKind.LIST_REPLY, text_of(reply.get("title")), content)
    if name == "nfm_reply":
        return _flow_reply(reply)
    text = text_of(dict_of(body.get("body")).get("text")) or text_of(reply.get("title"))
    return Content(MessageKind.INTERACTIVE, text, {"type": name, **body})


def _flow_reply(reply):
    try:
        answers = load(text_of(reply.get("response_json")).encode())
    except NotJson:
        answers = None
    content = {"name": text_of(reply.get("name")), "answers": dict_of(answers)}
    return Content(MessageKind.FLOW_REPLY, text_of(reply.get("body")), content)


def _reaction(message, body):
    target = text_of(body.get("message_id"))
    if not target:
        return _unsupported(message)
    # No emoji: the reaction was taken back.
    return Content(MessageKind.REACTION, text_of(body.get("emoji")), reply_to=target)


def _order(message, body):
    items = [
        {
            "id": text_of(item.get("product_retailer_id")),
            "quantity": number_of(item.get("quantity")),
            "price": number_of(item.get("item_price")),
            "currency": text_of(item.get("currency")),
        }
        for item in list_of(body.get("product_items"))
        if isinstance(item, dict)
    ]
    content = {"catalog_id": text_of(body.get("catalog_id")), "items": items}
    return Content(MessageKind.ORDER, text_of(body.get("text")), content)


def _system(message, body):
    content = {key: value for key, value in body.items() if key != "body"}
    if isinstance(message.get("identity"), dict):
        content["identity"] = message["identity"]
    return Content(MessageKind.SYSTEM, text_of(body.get("body")), content)


def _edit(message, body):
    inner, original = _inner(dict_of(body.get("message"))), _original(body)
    if not original:
        return _unsupported(message)
    content = {**inner.content, "edited_kind": inner.kind.value}
    return Content(MessageKind.EDIT, inner.text, content, inner.media, original)


def _inner(message):
    # An edit holds an ordinary message; a body nesting edits in edits is nobody's message.
    nested = message.get("type") in ("edit", "revoke", "reaction", "system")
    return _unsupported(message) if nested else content_of(message)


def _revoke(message, body):
    original = _original(body)
    return Content(MessageKind.REVOKE, reply_to=original) if original else _unsupported(message)


def _original(body):
    return text_of(body.get("original_message_id")) or None


def _template(message, body):
    language = text_of(dict_of(body.get("language")).get("code"))
    content = {"language": language, "components": list_of(body.get("components"))}
    return Content(MessageKind.TEMPLATE, text_of(body.get("name")), content)


_WORDS = {
    "poll_creation": "a poll",
    "poll_update": "a vote in a poll",
    "gif": "a GIF",
    "group_invite": "an invitation to a group",
    "pin": "a pinned message",
    "keep_in_chat": "a kept message",
    "product": "a product",
    "list": "a list",
    "link_preview": "a link",
    "media_placeholder": "a file from an old conversation",
    "request_welcome": "the first opening of this chat",
}


def _unsupported(message):
    body = dict_of(message.get("unsupported"))
    name = text_of(body.get("type")) or text_of(message.get("type"))
    content = {"type": name, "note": _error_note(message) or _kind_note(name)}
    if message.get("errors"):
        content["errors"] = [
            {"code": fault.code, "title": fault.title, "detail": fault.detail}
            for fault in map(fault_of, list_of(message["errors"]))
        ]
    return Content(MessageKind.UNSUPPORTED, "", content)


def _error_note(message):
    for error in list_of(message.get("errors")):
        fault = fault_of(error)
        if fault.code in ("131052", "131060"):
            return f"{fault.reason}. {fault.action}"
    return ""


def _kind_note(name):
    what = _WORDS.get(name, "a message of another kind")
    return f"This is {what}, which WhatsApp does not pass on to businesses."


_READERS: dict[str, Callable[[dict, dict], Content]] = {
    "text": _text,
    "image": _media(MessageKind.IMAGE),
    "video": _media(MessageKind.VIDEO),
    "audio": _audio,
    "document": _media(MessageKind.DOCUMENT),
    "sticker": _media(MessageKind.STICKER),
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "reaction": _reaction,
    "order": _order,
    "system": _system,
    "edit": _edit,
    "revoke": _revoke,
    "template": _template,
}
