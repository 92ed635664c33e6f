"""A template as it is written: the editor's fields on one side, Meta's components on the other."""

from dataclasses import dataclass, field, replace

from webapp.message_templates import parts
from webapp.message_templates.models import Category

NAMED, POSITIONAL = "named", "positional"
NO_HEADER, TEXT = "none", "text"
MEDIA = ("image", "video", "document")
HEADERS = (NO_HEADER, TEXT, *MEDIA, "location")
QUICK_REPLY, URL, PHONE, COPY_CODE, OTP = "quick_reply", "url", "phone_number", "copy_code", "otp"
BUTTONS = (QUICK_REPLY, URL, PHONE, COPY_CODE)
COMPONENTS = ("HEADER", "BODY", "FOOTER", "BUTTONS")


@dataclass(frozen=True, slots=True)
class ButtonFields:
    kind: str = QUICK_REPLY
    text: str = ""
    url: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """`examples` is {(where, key): value}, where as in parts.Variable."""

    category: str = Category.UTILITY
    parameter_format: str = POSITIONAL
    header_kind: str = NO_HEADER
    header_text: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[ButtonFields, ...] = ()
    examples: dict = field(default_factory=dict)
    security: bool = True  # an authentication template's advice not to share the code
    minutes: int | None = None  # how long its code is valid
    code_words: str = ""  # on its button
    ttl: int | None = None

    @property
    def is_authentication(self):
        return self.category == Category.AUTHENTICATION

    @property
    def is_named(self):
        return self.parameter_format == NAMED


def is_plain(components):
    """Whether the editor knows everything in it; carousels, flows and the like it would lose."""
    for one in components:
        if str(one.get("type")).upper() not in COMPONENTS:
            return False
    head = parts.header(components)
    if head is not None and head.format not in HEADERS:
        return False
    given = (parts.part_of(components, "BUTTONS") or {}).get("buttons") or ()
    return all(
        str(one.get("type")).lower() in BUTTONS
        or (str(one.get("type")).upper() == "OTP" and one.get("otp_type") == "COPY_CODE")
        for one in given
    )


def content_of(category, parameter_format, components, ttl=None):
    """What the editor shows of a template."""
    head = parts.header(components)
    body = parts.part_of(components, "BODY") or {}
    footer = parts.part_of(components, "FOOTER") or {}
    given = parts.buttons(components)
    content = Content(
        category=category,
        parameter_format=parameter_format,
        header_kind=head.format if head else NO_HEADER,
        header_text=head.text if head else "",
        body=str(body.get("text") or ""),
        footer=str(footer.get("text") or ""),
        examples={
            (one.where, one.key): one.example for one in parts.variables(components) if one.example
        },
        ttl=ttl,
    )
    if content.is_authentication:
        return replace(
            content,
            security=bool(body.get("add_security_recommendation")),
            minutes=footer.get("code_expiration_minutes"),
            code_words=next((one.text for one in given if one.kind == OTP), ""),
        )
    fields = tuple(ButtonFields(one.kind, one.text, one.url, one.phone) for one in given)
    return replace(content, buttons=fields)


def components_of(content):
    """In Meta's form, unfinished texts included: what is not written yet is empty."""
    if content.is_authentication:
        return _authentication(content)
    found = [_header(content), _body(content)]
    if content.footer:
        found.append({"type": "FOOTER", "text": content.footer})
    if content.buttons:
        given = [_button(content, index, one) for index, one in enumerate(content.buttons)]
        found.append({"type": "BUTTONS", "buttons": given})
    return [one for one in found if one]


def words_beneath(content):
    """What was typed before the category became authentication, which has no place for it; kept
    for whoever changes it back. None where all that is typed stands in the components."""
    if not content.is_authentication:
        return None
    return components_of(replace(content, category=Category.UTILITY))


def with_words(content, components):
    """The reverse: an authentication template's content with the words beneath."""
    if not content.is_authentication or not components:
        return content
    typed = content_of(Category.UTILITY, content.parameter_format, components)
    return replace(
        content,
        header_kind=typed.header_kind,
        header_text=typed.header_text,
        body=typed.body,
        footer=typed.footer,
        buttons=typed.buttons,
        examples=typed.examples,
    )


def next_key(content):
    """What the next new variable of the body is called."""
    keys = parts.keys_in(content.body)
    if not content.is_named:
        return str(max((int(key) for key in keys if key.isdecimal()), default=0) + 1)
    number = len(keys) + 1
    while f"value_{number}" in keys:
        number += 1
    return f"value_{number}"


def with_variable(content):
    """A new variable at the end of the body, where there is no cursor to put it at."""
    mark = f"{{{{{next_key(content)}}}}}"
    gap = "" if not content.body or content.body[-1].isspace() else " "
    return replace(content, body=f"{content.body}{gap}{mark}")


def with_button(content):
    """Another one, of the last one's kind: quick replies have to stand together."""
    kind = content.buttons[-1].kind if content.buttons else QUICK_REPLY
    return replace(content, buttons=(*content.buttons, ButtonFields(kind)))


def without_button(content, index):
    kept = [place for place in range(len(content.buttons)) if place != index]
    return _rearranged(content, kept)


def with_button_moved(content, index, by):
    """One place up (-1) or down; its example goes with it."""
    order = list(range(len(content.buttons)))
    other = index + by
    if 0 <= index < len(order) and 0 <= other < len(order):
        order[index], order[other] = order[other], order[index]
    return _rearranged(content, order)


def _rearranged(content, order):
    examples = {place: value for place, value in content.examples.items() if place[0] != "button"}
    for new, old in enumerate(order):
        if ("button", str(old)) in content.examples:
            examples["button", str(new)] = content.examples["button", str(old)]
    return replace(content, buttons=tuple(content.buttons[old] for old in order), examples=examples)


def _authentication(content):
    body = {"type": "BODY", "add_security_recommendation": content.security}
    button = {"type": "OTP", "otp_type": "COPY_CODE", "text": content.code_words or "Copy code"}
    found = [body]
    if content.minutes is not None:
        found.append({"type": "FOOTER", "code_expiration_minutes": content.minutes})
    return [*found, {"type": "BUTTONS", "buttons": [button]}]


def _header(content):
    if content.header_kind == NO_HEADER:
        return None
    header = {"type": "HEADER", "format": content.header_kind.upper()}
    if content.header_kind != TEXT:
        return header
    return _with_examples(content, "header", {**header, "text": content.header_text})


def _body(content):
    return _with_examples(content, "body", {"type": "BODY", "text": content.body})


def _with_examples(content, where, component):
    keys = parts.keys_in(component["text"])
    if not keys:
        return component
    if content.is_named:
        named = [
            {"param_name": key, "example": content.examples.get((where, key), "")} for key in keys
        ]
        return {**component, "example": {f"{where}_text_named_params": named}}
    values = [content.examples.get((where, key), "") for key in parts.ordered(keys)]
    return {**component, "example": {f"{where}_text": [values] if where == "body" else values}}


def _button(content, index, one):
    example = content.examples.get(("button", str(index)), "")
    if one.kind == COPY_CODE:
        return {"type": "COPY_CODE", "example": example}
    button = {"type": one.kind.upper(), "text": one.text}
    if one.kind == PHONE:
        return button | {"phone_number": one.phone}
    if one.kind == URL:
        button["url"] = one.url
        mark = parts.MARK.search(one.url)
        if mark and example:
            before = one.url[: mark.start()]
            button["example"] = [before + example.removeprefix(before)]
    return button
