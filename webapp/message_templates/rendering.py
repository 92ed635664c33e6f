"""A template as the customer reads it, with its values in place."""

from dataclasses import dataclass, replace

from webapp.message_templates import parts


@dataclass(frozen=True, slots=True)
class Rendered:
    """A header that is a file or a place has no text; `header_kind` says what it is."""

    header: str
    header_kind: str  # "", text, image, video, document, gif, location
    body: str
    footer: str
    buttons: tuple


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a text; `key` names the variable it stands for, `filled` whether it has a value."""

    text: str
    key: str = ""
    filled: bool = True


def render(components, values):
    """`values` is {(where, key): value}; what is missing stays as {{key}}."""
    top = parts.header(components)
    return Rendered(
        text(top.text, "header", values) if top else "",
        top.format if top else "",
        text(parts.body_text(components), "body", values),
        parts.footer_text(components),
        tuple(_button(button, values) for button in parts.buttons(components)),
    )


def text(template, where, values):
    return "".join(piece.text for piece in pieces(template, where, values))


def pieces(template, where, values):
    """The text cut at its variables, so that a preview can mark what was filled in."""
    found, at = [], 0
    for mark in parts.MARK.finditer(template or ""):
        if mark.start() > at:
            found.append(Piece(template[at : mark.start()]))
        key = mark[1]
        value = values.get((where, key)) or ""
        found.append(Piece(value or f"{{{{{key}}}}}", key, bool(value)))
        at = mark.end()
    if at < len(template or ""):
        found.append(Piece(template[at:]))
    return found


def _button(button, values):
    value = values.get(("button", str(button.index))) or ""
    if button.kind != "url" or not value:
        return button
    return replace(button, url=parts.MARK.sub(lambda _: value, button.url))
