"""Templates in the flat form of Kaleyra's V1: one field for each part, one kind of buttons."""

from ..base import ProviderError, TemplateDraft, TemplateState
from ..reading import dict_of, list_of, text_of
from ..templates import category_of, language_of, quality_of, status_of, word_of

HEADERS = ("TEXT", "IMAGE", "VIDEO", "DOCUMENT")
MOST_QUICK_REPLIES = 3


def fields_of(draft: TemplateDraft, sample: str) -> dict:
    parts = {text_of(part.get("type")).upper(): part for part in draft.components}
    return {
        "name": draft.name,
        "language": draft.language,
        "category": draft.category.upper(),
        **_header(parts.get("HEADER"), sample),
        # Some pages write {{$1}}, others {{1}} (unconfirmed).
        "body": text_of(dict_of(parts.get("BODY")).get("text")),
        **_given(footer_content=text_of(dict_of(parts.get("FOOTER")).get("text"))),
        **_buttons(list_of(dict_of(parts.get("BUTTONS")).get("buttons"))),
    }


def _header(part, sample):
    if not part:
        return {"header": "none"}
    kind = text_of(part.get("format")).upper()
    if kind not in HEADERS:
        raise _not_here(f"a header with a {kind.lower() or 'missing kind'}")
    return {
        "header": kind.lower(),
        "header_content": text_of(part.get("text")) if kind == "TEXT" else sample,
    }


def _buttons(buttons):
    if not buttons:
        return {}
    kinds = {text_of(dict_of(button).get("type")).upper() for button in buttons}
    if len(kinds) > 1:
        raise _not_here("buttons of several kinds")
    fields = {"QUICK_REPLY": _quick_replies, "PHONE_NUMBER": _phone, "URL": _link}.get(kinds.pop())
    if fields is None:
        raise _not_here("this kind of button")
    return fields(buttons)


def _quick_replies(buttons):
    if len(buttons) > MOST_QUICK_REPLIES:
        raise _not_here(f"more than {MOST_QUICK_REPLIES} quick replies")
    texts = {f"quick_reply_{place}": button["text"] for place, button in enumerate(buttons, 1)}
    return {"type": "quick_reply", **texts}


def _phone(buttons):
    button = _only(buttons)
    number = text_of(button.get("phone_number"))
    return {"type": "phone", "button_text": text_of(button.get("text")), "phone_no": number}


def _link(buttons):
    button = _only(buttons)
    address = text_of(button.get("url"))
    return {
        "type": "url",
        "url_type": "dynamic" if "{{" in address else "static",
        "button_text": text_of(button.get("text")),
        "website_url": address,
    }


def _only(buttons):
    if len(buttons) > 1:
        raise _not_here("two buttons of this kind")
    return buttons[0]


def _not_here(what):
    return ProviderError(
        f"Kaleyra's V1 has no place for {what}",
        permanent=True,
        action="Leave it out, or make the template in Kaleyra's console.",
    )


def flat_state(item: dict) -> TemplateState:
    """Its names for things differ between pages (unconfirmed), so each is sought by several."""
    status = _of(item, "status", "template_status")
    reason = word_of(_of(item, "reason", "rejected_reason"))
    return TemplateState(
        id=text_of(_of(item, "id", "template_id")),
        name=text_of(_of(item, "name", "template_name")),
        language=language_of(_of(item, "language", "lang_code")),
        status=status_of(status),
        provider_status=word_of(status),
        category=category_of(item.get("category")),
        components=_components(item),
        parameter_format="positional",
        quality=quality_of(item["quality"]) if item.get("quality") else "",
        reason="" if reason == "NONE" else reason,
    )


def _of(item, *names):
    return next((item[name] for name in names if item.get(name)), None)


def _components(item):
    """None where the list says nothing of what stands in it."""
    if isinstance(item.get("components"), list):
        return [part for part in item["components"] if isinstance(part, dict)]
    body = text_of(item.get("body")).replace("{{$", "{{")
    if not body:
        return None
    footer = text_of(_of(item, "footer", "footer_content"))
    buttons = [_button(button) for button in list_of(item.get("buttons"))]
    parts = [
        *_read_header(item),
        {"type": "BODY", "text": body},
        *([{"type": "FOOTER", "text": footer}] if footer else []),
    ]
    found = [button for button in buttons if button]
    return [*parts, {"type": "BUTTONS", "buttons": found}] if found else parts


def _read_header(item):
    header = item.get("header")
    told = dict_of(header)
    kind = text_of(told.get("format") or told.get("type") or header).strip().upper()
    text = text_of(told.get("text") or item.get("header_content"))
    if kind in HEADERS and kind != "TEXT":
        yield {"type": "HEADER", "format": kind}
    elif kind == "TEXT" and text:
        yield {"type": "HEADER", "format": "TEXT", "text": text}
    elif kind not in ("", "NONE", "TEXT") and not told:  # the text itself
        yield {"type": "HEADER", "format": "TEXT", "text": text_of(header)}


def _button(button):
    if isinstance(button, str):
        return {"type": "QUICK_REPLY", "text": button}
    button = dict_of(button)
    text = text_of(_of(button, "text", "button_text", "title"))
    number = text_of(_of(button, "phone_number", "phone_no"))
    address = text_of(_of(button, "url", "website_url"))
    if number:
        return {"type": "PHONE_NUMBER", "text": text, "phone_number": number}
    if address:
        return {"type": "URL", "text": text, "url": address}
    return {"type": "QUICK_REPLY", "text": text} if text else None


def _given(**fields):
    return {name: value for name, value in fields.items() if value}
