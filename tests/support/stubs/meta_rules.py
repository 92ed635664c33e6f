"""The documented rules for what is sent through Meta, written down apart from the product's own."""

import re

KB, MB = 1024, 1024 * 1024
OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = {
    "audio": {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"},
    "document": {
        "text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint", f"{OFFICE}.wordprocessingml.document",
        f"{OFFICE}.spreadsheetml.sheet", f"{OFFICE}.presentationml.presentation",
    },
    "image": {"image/jpeg", "image/png"},
    "sticker": {"image/webp"},
    "video": {"video/mp4", "video/3gpp"},
}  # fmt: skip
LARGEST = {
    "audio": 16 * MB, "document": 100 * MB, "image": 5 * MB, "sticker": 500 * KB, "video": 16 * MB,
}  # fmt: skip
CAPTIONED = ("image", "video", "document")


class Broken(Exception):
    """(Meta's code, the rule in words)"""


def need(true, code, rule):
    if not true:
        raise Broken(code, rule)


def check_message(body, uploads):
    """`uploads`: media id → (MIME type, size) of what was uploaded."""
    need(isinstance(body, dict), 100, "the body is a JSON object")
    need(body.get("messaging_product") == "whatsapp", 100, "messaging_product is whatsapp")
    need(body.get("recipient_type", "individual") == "individual", 100, "recipient_type")
    _check_recipient(body)
    data = body.get("biz_opaque_callback_data")
    need(data is None or 0 < len(data) <= 512, 100, "biz_opaque_callback_data has up to 512 signs")
    kind = body.get("type", "text")
    need(kind in CHECKS, 100, f"type {kind!r} is one of Meta's")
    need(kind in body, 131008, f"{kind} is given")
    context = body.get("context")
    need(context is None or (kind != "reaction" and context.get("message_id")), 100, "context")
    CHECKS[kind](body[kind], uploads)


def _check_recipient(body):
    to, recipient = body.get("to"), body.get("recipient")
    need(to or recipient, 131008, "to or recipient is given")
    if to:
        need(re.fullmatch(r"\+\d{6,15}", to), 131009, "to is + and the digits of a number")
    else:
        need(
            re.fullmatch(r"[A-Z]{2}\.(ENT\.)?\w{1,128}", recipient), 131009, "recipient is a BSUID"
        )


def _text(said, _):
    need(0 < len(said.get("body", "")) <= 4096, 100, "text.body has 1 to 4096 signs")


def _media(kind):
    def check(said, uploads):
        need(("id" in said) != ("link" in said), 131008, f"{kind} has an id or a link")
        need("caption" not in said or kind in CAPTIONED, 100, f"{kind} has no caption")
        need(len(said.get("caption", "")) <= 1024, 100, "a caption has up to 1024 signs")
        if "link" in said:
            need(said["link"].startswith(("https://", "http://")), 131053, "link is a web address")
            return
        need(said["id"] in uploads, 131009, f"media {said['id']!r} was uploaded before")
        mime_type, size = uploads[said["id"]]
        need(mime_type in TYPES[kind], 131053, f"{mime_type} is taken as {kind}")
        need(size <= LARGEST[kind], 131053, f"{kind} has up to {LARGEST[kind]} bytes")
        need(not said.get("voice") or mime_type == "audio/ogg", 131053, "a voice note is OGG")

    return check


def _location(said, _):
    need(-90 <= float(said["latitude"]) <= 90, 131009, "latitude")
    need(-180 <= float(said["longitude"]) <= 180, 131009, "longitude")


def _contacts(said, _):
    need(isinstance(said, list) and 1 <= len(said) <= 257, 131009, "1 to 257 contacts")
    for card in said:
        name = card.get("name", {})
        need(name.get("formatted_name"), 131008, "name.formatted_name")
        need(len(name) >= 2, 131008, "a name has another part besides formatted_name")


def _reaction(said, _):
    need(said.get("message_id"), 131008, "reaction.message_id")
    need("emoji" in said, 131008, "reaction.emoji, empty to take it back")


def _interactive(said, _):
    kind, action = said.get("type"), said.get("action", {})
    longest = {"button": 1024, "list": 4096}.get(kind)
    need(longest, 131009, f"interactive type {kind!r}")
    need(0 < len(said.get("body", {}).get("text", "")) <= longest, 131009, "interactive.body")
    need("footer" not in said or 0 < len(said["footer"]["text"]) <= 60, 131009, "footer")
    if kind == "button":
        _reply_buttons(action.get("buttons", []))
    else:
        _sections(action)


def _reply_buttons(buttons):
    need(1 <= len(buttons) <= 3, 131009, "1 to 3 buttons")
    for button in buttons:
        need(button.get("type") == "reply", 131009, "a button's type is reply")
        _option(button["reply"], 20, 256)
    need(len({button["reply"]["title"] for button in buttons}) == len(buttons), 131009, "titles")
    need(len({button["reply"]["id"] for button in buttons}) == len(buttons), 131009, "ids")


def _sections(action):
    need(0 < len(action.get("button", "")) <= 20, 131009, "the list's button")
    sections = action.get("sections", [])
    need(1 <= len(sections) <= 10, 131009, "1 to 10 sections")
    rows = [row for section in sections for row in section.get("rows", [])]
    need(1 <= len(rows) <= 10, 131009, "1 to 10 rows in all")
    for section in sections:
        titled = 0 < len(section.get("title", "")) <= 24
        need(titled or ("title" not in section and len(sections) == 1), 131009, "section title")
    for row in rows:
        _option(row, 24, 200)
        need(len(row.get("description", "")) <= 72, 131009, "a row's description")


def _option(option, longest_title, longest_id):
    need(0 < len(option.get("title", "")) <= longest_title, 131009, "a title's length")
    need(0 < len(option.get("id", "")) <= longest_id, 131009, "an id's length")


def _template(said, uploads):
    need(re.fullmatch(r"[a-z0-9_]{1,512}", said.get("name", "")), 132001, "template name")
    need(said.get("language", {}).get("code"), 131008, "template.language.code")
    for component in said.get("components", []):
        _component(component, uploads)


def _component(component, uploads):
    kind, parameters = component.get("type"), component.get("parameters")
    need(kind in ("header", "body", "button"), 131009, f"component type {kind!r}")
    need(parameters, 131008, "a component has parameters, or is left out")
    named = {"parameter_name" in parameter for parameter in parameters}
    need(len(named) == 1, 132012, "parameters are all named, or all by position")
    for parameter in parameters:
        _parameter(kind, component.get("sub_type"), parameter, uploads)
    if kind == "button":
        need(re.fullmatch(r"\d", str(component.get("index"))), 131008, "a button's index")


def _parameter(component, sub_type, parameter, uploads):
    kind = parameter.get("type")
    if component == "button":
        wanted = {"url": "text", "quick_reply": "payload", "copy_code": "coupon_code"}
        need(wanted.get(sub_type) == kind, 132012, f"a {sub_type} button's parameter")
        need(parameter.get(kind), 132012, "a button's parameter has a value")
    elif kind in ("image", "video", "document"):
        need(component == "header", 132012, "files stand in the header")
        _media(kind)(parameter[kind], uploads)
    elif kind == "location":
        need(component == "header", 132012, "a place stands in the header")
        _location(parameter[kind], uploads)
    else:
        need(kind == "text", 132012, f"parameter type {kind!r}")
        text = parameter.get("text", "")
        need(text and not re.search(r"[\n\t]| {5}", text), 132012, "no new lines, tabs, long gaps")


CHECKS = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": _interactive,
    "template": _template,
    **{kind: _media(kind) for kind in TYPES},
}
