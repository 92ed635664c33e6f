"""Reads a template's components, in Meta's form: its header, texts, buttons and variables."""

import re
from dataclasses import dataclass

MARK = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MEDIA_HEADERS = ("image", "video", "document", "gif")
CODE_BUTTONS = ("otp",)  # Meta gives these the code of an authentication template


@dataclass(frozen=True, slots=True)
class Header:
    format: str  # text, image, video, document, gif, location
    text: str = ""

    @property
    def is_media(self):
        return self.format in MEDIA_HEADERS


@dataclass(frozen=True, slots=True)
class Button:
    index: int  # counted over all buttons, from 0
    kind: str  # quick_reply, url, phone_number, copy_code, otp, flow, catalog, …
    text: str
    url: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """One value to be given. A button has one at most: its key is the button's place, from 0."""

    where: str  # header, body, button
    index: int  # which one of its place's variables, from 0; of a button: the button's own
    key: str
    example: str = ""
    label: str = ""  # what people call it: the button's words, for a button


def header(components):
    """The Header, or None where the template has none."""
    found = part_of(components, "HEADER")
    if found is None:
        return None
    kind = _word(found.get("format")) or "text"
    return Header(kind, _text(found) if kind == "text" else "")


def body_text(components):
    """With its variables as they stand; an authentication template's is Meta's own."""
    found = part_of(components, "BODY") or {}
    if _text(found) or not _is_authentication(components, found):
        return _text(found)
    advice = " For your security, do not share this code."
    return "*{{1}}* is your verification code." + (
        advice if found.get("add_security_recommendation") else ""
    )


def footer_text(components):
    found = part_of(components, "FOOTER") or {}
    minutes = found.get("code_expiration_minutes")
    if minutes and not _text(found):
        return f"This code expires in {minutes} minutes."
    return _text(found)


def buttons(components):
    given = (part_of(components, "BUTTONS") or {}).get("buttons") or ()
    return [
        Button(
            index,
            _word(button.get("type")),
            str(button.get("text") or _default_words(button)),
            str(button.get("url") or ""),
            str(button.get("phone_number") or ""),
        )
        for index, button in enumerate(given)
        if isinstance(button, dict)
    ]


def variables(components):
    """What has to be filled before the template can be sent, in the order it is read."""
    return [
        *_in_text(components, "header"),
        *_in_text(components, "body"),
        *_in_buttons(components),
    ]


def keys_in(text):
    """The variables of a text, each once, in their order."""
    return list(dict.fromkeys(MARK.findall(text or "")))


def is_authentication(components):
    """Whether the template hands over a code: its button gets what its body says."""
    return _is_authentication(components, part_of(components, "BODY") or {})


def _in_text(components, where):
    component = part_of(components, where.upper()) or {}
    if where == "body":
        text = body_text(components)
    else:
        top = header(components)
        text = top.text if top else ""
    examples = _examples(component.get("example"), where)
    return [
        Variable(where, index, key, _example_of(examples, key, index), key)
        for index, key in enumerate(ordered(keys_in(text)))
    ]


def ordered(keys):
    """Numbers by their size, as providers take positional values; names as they are read."""
    if keys and all(key.isdecimal() for key in keys):
        return sorted(keys, key=int)
    return keys


def _in_buttons(components):
    given = (part_of(components, "BUTTONS") or {}).get("buttons") or ()
    found = []
    for button in buttons(components):
        example = _first_text(given[button.index].get("example"))
        if button.kind == "url" and MARK.search(button.url):
            suffix = _suffix(button.url, example)
            found.append(Variable("button", button.index, str(button.index), suffix, button.text))
        elif button.kind == "copy_code":
            found.append(Variable("button", button.index, str(button.index), example, button.text))
    return found


def _suffix(url, example):
    """Of an example that is a whole address only what stands for the variable."""
    before = url[: MARK.search(url).start()]
    return example.removeprefix(before)


def _examples(example, where):
    """{name: example} or a list of examples in their order."""
    example = example if isinstance(example, dict) else {}
    named = example.get(f"{where}_text_named_params")
    if isinstance(named, list):
        pairs = (one for one in named if isinstance(one, dict))
        return {str(one.get("param_name")): str(one.get("example", "")) for one in pairs}
    listed = example.get(f"{where}_text")
    if isinstance(listed, list) and listed and isinstance(listed[0], list):
        listed = listed[0]  # the body's are a list of lists
    if isinstance(listed, str):
        listed = [listed]
    return [str(one) for one in listed] if isinstance(listed, list) else []


def _example_of(examples, key, index):
    if isinstance(examples, dict):
        return examples.get(key, "")
    return examples[index] if index < len(examples) else ""


def _first_text(value):
    if isinstance(value, list):
        value = value[0] if value else ""
    return str(value or "")


def part_of(components, kind):
    """The component of this kind; None where there is none."""
    for component in components or ():
        if isinstance(component, dict) and _word(component.get("type")) == kind.lower():
            return component
    return None


def _is_authentication(components, body):
    return "add_security_recommendation" in body or any(
        button.kind in CODE_BUTTONS for button in buttons(components)
    )


def _default_words(button):
    return {"copy_code": "Copy code", "otp": "Copy code"}.get(_word(button.get("type")), "")


def _word(value):
    return str(value or "").strip().lower()


def _text(component):
    return str(component.get("text") or "")
