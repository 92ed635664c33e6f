"""What a template's message keeps: its text as sent, its parameters, and what the thread shows."""

import re
from dataclasses import dataclass

from webapp.message_templates import parts, rendering
from webapp.message_templates.models import Category

LONGEST_BODY = 1024
LONGEST_CODE = 20
LONGEST_VALUE = 1024
WORDS = {"image": "picture", "video": "video", "document": "document"}
_GAPS = re.compile(r"[\r\n\t]+| {5,}")


@dataclass(frozen=True, slots=True)
class Filled:
    text: str
    content: dict
    header_kind: str = ""  # of the file that has to go with it: image, video, document


def fill(template, values, place=None):
    """`values` is {(where, key): text}; ValueError names what is missing or does not fit.

    The wording is frozen here: a later edit of the template changes nothing that was sent.
    """
    return Blank(template).fill(values, place)


class Blank:
    """A template read once, to be filled for many people."""

    def __init__(self, template):
        components = template.components
        self.variables = parts.variables(components)
        self.header_kind = file_kind_of(template)
        self._names = {"name": template.name, "language": template.language}
        self._has_place = (top := parts.header(components)) is not None and top.format == "location"
        self._named = template.parameter_format == "named"
        self._sheet = rendering.Sheet(components)
        self._longest = {variable: _longest(template, variable) for variable in self.variables}

    def fill(self, values, place=None):
        values = {place_of: clean(value) for place_of, value in values.items()}
        self._check(values)
        shown = self._sheet.render(values)
        if len(shown.body) > LONGEST_BODY:
            raise ValueError(
                f"WhatsApp takes {LONGEST_BODY:,} characters; with these values the text has "
                f"{len(shown.body):,}. Shorten a value."
            )
        content = {
            **self._names,
            "body": self._parameters("body", values),
            "header_text": self._parameters("header", values),
            "buttons": _buttons(self._sheet.buttons, values),
            "shown": {
                "header": shown.header,
                "footer": shown.footer,
                "buttons": [button.text for button in shown.buttons],
            },
        }
        if self._has_place:
            content |= _place(place)
        if self.header_kind:
            content["header_kind"] = self.header_kind
        return Filled(shown.body, content, self.header_kind)

    def _check(self, values):
        for variable, longest in self._longest.items():
            value = values.get((variable.where, variable.key))
            if not value:
                raise ValueError(
                    f"{words_for(variable)} is empty. "
                    "WhatsApp takes no template with an empty value."
                )
            if len(value) > longest:
                raise ValueError(
                    f"{words_for(variable)} may have {longest:,} characters; "
                    f"this has {len(value):,}."
                )

    def _parameters(self, where, values):
        return [
            {
                "value": values[where, variable.key],
                **({"name": variable.key} if self._named else {}),
            }
            for variable in self.variables
            if variable.where == where
        ]


def file_kind_of(template):
    """Of the file a template's message begins with: image, video, document; "" for none."""
    top = parts.header(template.components)
    return {"gif": "video"}.get(top.format, top.format) if top and top.is_media else ""


@dataclass(frozen=True, slots=True)
class Sample:
    """The file the template was approved with, in the words of a message's Media."""

    storage_key: str
    mime_type: str
    filename: str = ""
    size: int = 0
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    thumbnail_key: str | None = None


def sample_of(template):
    """None where we never had it: the template was made at the provider."""
    media = template.media or {}
    if not media.get("key"):
        return None
    return Sample(
        media["key"],
        media.get("mime_type", ""),
        media.get("filename", ""),
        media.get("size", 0),
    )


def check_file(template, file):
    """A chosen file has to be of the kind the template was approved with."""
    wanted = file_kind_of(template)
    if file is not None and file.kind != wanted:
        raise ValueError(
            f"This template begins with a {WORDS[wanted]}; the file is of another kind."
            if wanted
            else "This template takes no file."
        )


def clean(value):
    """WhatsApp refuses a value with line breaks, tabs or long gaps."""
    return _GAPS.sub(" ", (value or "").replace("\x00", "")).strip()


def words_for(variable):
    """What a variable is called on screen: Day; Value 2; the end of the link "Details"."""
    if variable.where == "button":
        return f"The value of the button “{variable.label}”"
    where = "Header value" if variable.where == "header" else "Value"
    if variable.key.isdecimal():
        return f"{where} {variable.key}"
    name = variable.key.replace("_", " ")
    return name[:1].upper() + name[1:]


def _longest(template, variable):
    is_code = template.category == Category.AUTHENTICATION or (
        variable.where == "button"
        and parts.buttons(template.components)[variable.index].kind == "copy_code"
    )
    return LONGEST_CODE if is_code else LONGEST_VALUE


def _buttons(buttons, values):
    found = []
    for button in buttons:
        value = values.get(("button", str(button.index)), "")
        if button.kind in parts.CODE_BUTTONS:
            # Meta wants the code twice: in the text and on the button that copies it.
            found.append(_button(button, "otp", values["body", "1"]))
        elif button.kind == "copy_code":
            found.append(_button(button, "code", value))
        elif button.kind == "url" and value:
            found.append(_button(button, "url", value))
        elif button.kind == "quick_reply" and value:
            found.append(_button(button, "quick_reply", value))
    return found


def _button(button, kind, value):
    return {"index": button.index, "kind": kind, "value": value}


def _place(place):
    if not place:
        raise ValueError("This template begins with a place. Say which one.")
    return {"header_place": place}
