"""What a customer's message says: `contact_message`, one of whose keys tells the kind.

developers.sinch.com/docs/conversation/callbacks; the models of Sinch's own libraries were compared.
"""

import posixpath
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from ..base import MediaRef, MessageKind
from ..meta.contents import Content
from ..reading import NotJson, dict_of, list_of, load, number_of, text_of
from .choices import chosen
from .raw_whatsapp import content_of_raw, unsupported

# No type is given, so the address's ending has to do until the file is there.
_TYPES: dict[str, tuple[MessageKind, str]] = {
    ".jpg": (MessageKind.IMAGE, "image/jpeg"),
    ".jpeg": (MessageKind.IMAGE, "image/jpeg"),
    ".png": (MessageKind.IMAGE, "image/png"),
    ".gif": (MessageKind.IMAGE, "image/gif"),
    ".webp": (MessageKind.STICKER, "image/webp"),
    ".mp4": (MessageKind.VIDEO, "video/mp4"),
    ".3gp": (MessageKind.VIDEO, "video/3gpp"),
    ".3gpp": (MessageKind.VIDEO, "video/3gpp"),
    ".mov": (MessageKind.VIDEO, "video/quicktime"),
    # WhatsApp records voice notes as OGG; other sound is seldom sent that way.
    ".ogg": (MessageKind.VOICE, "audio/ogg"),
    ".oga": (MessageKind.VOICE, "audio/ogg"),
    ".opus": (MessageKind.VOICE, "audio/ogg"),
    ".mp3": (MessageKind.AUDIO, "audio/mpeg"),
    ".m4a": (MessageKind.AUDIO, "audio/mp4"),
    ".aac": (MessageKind.AUDIO, "audio/aac"),
    ".amr": (MessageKind.AUDIO, "audio/amr"),
    ".wav": (MessageKind.AUDIO, "audio/wav"),
    ".pdf": (MessageKind.DOCUMENT, "application/pdf"),
}


def content_of(message: dict, media_id: str) -> Content:
    """`media_id` names the file where there is one; Sinch gives it an address only."""
    nested = message.get("reply_message")  # in Sinch's notes for agents: the reply stands inside
    message = nested if isinstance(nested, dict) else message
    for name, read in _READERS.items():
        body = message.get(name)
        if isinstance(body, dict):
            return read(body, media_id)
    name = next((key for key, value in message.items() if isinstance(value, dict)), "")
    return unsupported(name)


def quoted_by(message: dict) -> str:
    for name in ("reply_to", "reply_message"):
        quoted = dict_of(message.get(name))
        found = text_of(quoted.get("message_id")) or text_of(quoted.get("original_message_id"))
        if found:
            return found
    return ""


def _text(body, media_id):
    text = text_of(body.get("text"))
    return Content(MessageKind.TEXT, text) if text else unsupported("text")


def _media(body, media_id):
    url = text_of(body.get("url"))
    filename = text_of(body.get("filename_override"))
    kind, mime_type = _kind_of(url, filename)
    caption = text_of(body.get("caption"))
    if not url:
        return Content(kind, caption, {"note": "The file did not come with the message."})
    name = filename or (_last_step(url) if kind is MessageKind.DOCUMENT else "")
    voice = kind is MessageKind.VOICE
    media = MediaRef(media_id, mime_type, filename=name[:255], url=url, voice=voice)
    return Content(kind, caption, media=media)


def _kind_of(url, filename):
    for name in (_last_step(url), filename):
        found = _TYPES.get(posixpath.splitext(name)[1].lower())
        if found:
            return found
    return MessageKind.DOCUMENT, ""


def _last_step(url):
    try:
        return posixpath.basename(unquote(urlsplit(url).path, errors="replace"))
    except ValueError:
        return ""


def _location(body, media_id):
    place = dict_of(body.get("coordinates"))
    name, address = text_of(body.get("title")), text_of(body.get("label"))
    content = {
        "latitude": number_of(place.get("latitude")),
        "longitude": number_of(place.get("longitude")),
        "name": name,
        "address": address,
        "url": "",
    }
    text = ", ".join(part for part in (name, address) if part)
    return Content(MessageKind.LOCATION, text, content)


def _choice(body, media_id):
    """Buttons, list rows and a template's quick replies all come back like this."""
    message_id = text_of(body.get("message_id"))
    choice_id, title = chosen(text_of(body.get("postback_data")), message_id)
    return Content(MessageKind.BUTTON_REPLY, title, {"id": choice_id}, reply_to=message_id or None)


def _order(body, media_id):
    items = [
        {
            "id": text_of(item.get("id")),
            "quantity": number_of(item.get("quantity")),
            "price": number_of(item.get("item_price")),
            "currency": text_of(item.get("currency")),
        }
        for item in list_of(body.get("products"))
        if isinstance(item, dict)
    ]
    # `title` in one of Sinch's libraries, `text` in the other.
    text = text_of(body.get("title")) or text_of(body.get("text"))
    content = {"catalog_id": text_of(body.get("catalog_id")), "items": items}
    return Content(MessageKind.ORDER, text, content)


def _channel_specific(body, media_id):
    message = dict_of(body.get("message"))
    name = text_of(body.get("message_type")) or text_of(message.get("type"))
    reply = message.get("nfm_reply")
    if name != "nfm_reply" or not isinstance(reply, dict):
        return unsupported(name)
    content = {"name": text_of(reply.get("name")), "answers": _answers(reply)}
    return Content(MessageKind.FLOW_REPLY, text_of(reply.get("body")), content)


def _answers(reply):
    given = reply.get("response_json")
    if isinstance(given, dict):
        return given
    try:
        return dict_of(load(text_of(given).encode()))
    except NotJson:
        return {}


def _contact_card(body, media_id):
    """Not confirmed for WhatsApp; laid out as one we would send."""
    phones = [
        {
            "phone": text_of(phone.get("phone_number")),
            "wa_id": "",
            "type": text_of(phone.get("type")),
        }
        for phone in list_of(body.get("phone_numbers"))
        if isinstance(phone, dict)
    ]
    mails = [dict_of(mail) for mail in list_of(body.get("email_addresses"))]
    emails = [text_of(mail.get("email_address")) for mail in mails]
    name = text_of(dict_of(body.get("name")).get("full_name"))
    organization = dict_of(body.get("organization"))
    card = {
        "name": name or next((phone["phone"] for phone in phones if phone["phone"]), ""),
        "phones": phones,
        "emails": [email for email in emails if email],
        "organisation": text_of(organization.get("company")),
        "title": text_of(organization.get("title")),
        "birthday": text_of(body.get("birthday")),
    }
    return Content(MessageKind.CONTACTS, card["name"], {"contacts": [card]})


def _fallback(body, media_id):
    reason = text_of(dict_of(body.get("reason")).get("description"))
    return content_of_raw(body.get("raw_message"), reason)


_READERS: dict[str, Callable[[dict, str], Content]] = {
    "text_message": _text,
    "media_message": _media,
    "media_card_message": _media,
    "location_message": _location,
    "choice_response_message": _choice,
    "product_response_message": _order,
    "channel_specific_message": _channel_specific,
    "contact_info_message": _contact_card,
    "fallback_message": _fallback,
}
