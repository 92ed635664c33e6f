"""What the Conversation API demands of a message: required fields, limits, allowed keys."""

import re
from urllib.parse import urlsplit

ENVELOPE = {
    "app_id",
    "recipient",
    "message",
    "channel_priority_order",
    "message_metadata",
    "ttl",
    "callback_url",
    "correlation_id",
    "queue",
}
PARAMETER = re.compile(
    r"header\[\d+\](text|(image|video|document)\.link|document\.filename)"
    r"|body\[\d+\]text"
    r"|button\[\d\](url\[1\]text|quick_reply\[1\]payload|copy_code\[1\]coupon_code)"
)


def faults_of(body, app_id):
    """Each rule the request breaks, in words."""
    for key in set(body) - ENVELOPE:
        yield f"{key} is no field of a send request"
    if body.get("app_id") != app_id:
        yield "app_id is the app's"
    if body.get("channel_priority_order") != ["WHATSAPP"]:
        yield "the message goes by WhatsApp alone"
    if not re.fullmatch(r"\d+s", body.get("ttl", "1s")):
        yield "ttl is written in seconds, like 86400s"
    if len(body.get("message_metadata", "")) > 1024:
        yield "message_metadata has at most 1024 characters"
    yield from _recipient(body.get("recipient"))
    message = body.get("message")
    if not isinstance(message, dict) or len(message) != 1 or not set(message) <= set(RULES):
        yield "message has one key, which tells its kind"
        return
    ((kind, content),) = message.items()
    yield from RULES[kind](content)


def kind_and_text(message):
    """How our own words would put it."""
    ((kind, content),) = message.items()
    text = {
        "text_message": lambda: content["text"],
        "media_message": lambda: content["url"],
        "location_message": lambda: content["title"],
        "contact_info_message": lambda: content["name"]["full_name"],
        "choice_message": lambda: content["text_message"]["text"],
        "list_message": lambda: content["title"],
        "template_message": lambda: content["channel_template"]["WHATSAPP"]["template_id"],
    }[kind]()
    return kind.removesuffix("_message"), text


def _recipient(recipient):
    identities = ((recipient or {}).get("identified_by") or {}).get("channel_identities") or []
    if len(identities) != 1:
        yield "recipient names one channel identity"
        return
    if identities[0].get("channel") != "WHATSAPP":
        yield "the identity's channel is WHATSAPP"
    if not re.fullmatch(r"[1-9]\d{6,14}", identities[0].get("identity", "")):
        yield "identity is the number's digits without +"


def _text(content):
    if not 0 < len(content.get("text", "")) <= 4096:
        yield "a text has 1 to 4096 characters"


def _media(content):
    if set(content) - {"url", "filename_override", "thumbnail_url"}:
        yield "media_message has url, thumbnail_url, filename_override: no caption"
    if urlsplit(content.get("url", "")).scheme not in ("http", "https"):
        yield "media_message needs a web address"


def _location(content):
    place = content.get("coordinates") or {}
    if not content.get("title"):
        yield "a location needs a title"
    if not all(isinstance(place.get(name), int | float) for name in ("latitude", "longitude")):
        yield "coordinates are numbers"


def _contact(content):
    if not (content.get("name") or {}).get("full_name"):
        yield "a contact needs name.full_name"
    phones = content.get("phone_numbers") or []
    if not phones or not all(phone.get("phone_number") for phone in phones):
        yield "a contact needs phone_numbers"


def _choices(content):
    choices = content.get("choices") or []
    if not 1 <= len(choices) <= 3:
        yield "WhatsApp shows one to three buttons"
    if not 0 < len((content.get("text_message") or {}).get("text", "")) <= 1024:
        yield "the text over buttons has 1 to 1024 characters"
    for choice in choices:
        if not 0 < len(choice.get("text_message", {}).get("text", "")) <= 20:
            yield "a button has 1 to 20 characters"
        if len(choice.get("postback_data", "")) > 256:
            yield "a button's postback has at most 256 characters"


def _list(content):
    sections = content.get("sections") or []
    rows = [item.get("choice", {}) for section in sections for item in section.get("items", [])]
    if not content.get("title"):
        yield "a list needs a title"
    if not 1 <= len(rows) <= 10:
        yield "a list has one to ten choices"
    if len(sections) > 1 and not all(section.get("title") for section in sections):
        yield "each of several sections needs a title"
    if len(content.get("message_properties", {}).get("menu", "")) > 20:
        yield "a list's button has at most 20 characters"
    for row in rows:
        if not 0 < len(row.get("title", "")) <= 24:
            yield "a row has 1 to 24 characters"
        if len(row.get("description", "")) > 72:
            yield "a row's description has at most 72 characters"
        if len(row.get("postback_data", "")) > 200:
            yield "a row's postback has at most 200 characters"


def _template(content):
    template = (content.get("channel_template") or {}).get("WHATSAPP") or {}
    if not template.get("template_id"):
        yield "a template needs its name as template_id"
    if not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", template.get("language_code", "")):
        yield "language_code is written like en_US"
    for key, value in template.get("parameters", {}).items():
        if not PARAMETER.fullmatch(key):
            yield f"{key} is not written as a template's parameter is"
        if not isinstance(value, str):
            yield f"{key} is text"


RULES = {
    "text_message": _text,
    "media_message": _media,
    "location_message": _location,
    "contact_info_message": _contact,
    "choice_message": _choices,
    "list_message": _list,
    "template_message": _template,
}
