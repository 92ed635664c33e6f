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


class Sheet:
    """A template's components read once, to be rendered for many people."""

    def __init__(self, components):
        top = parts.header(components)
        self.header_kind = top.format if top else ""
        self.footer = parts.footer_text(components)
        self.buttons = parts.buttons(components)
        self._header = _cut(top.text if top else "")
        self._body = _cut(parts.body_text(components))

    def render(self, values):
        """`values` is {(where, key): value}; what is missing stays as {{key}}."""
        return Rendered(
            _joined(self._header, "header", values),
            self.header_kind,
            _joined(self._body, "body", values),
            self.footer,
            tuple(_button(button, values) for button in self.buttons),
        )


def render(components, values):
    return Sheet(components).render(values)


def pieces(template, where, values):
    """The text cut at its variables, so that a preview can mark what was filled in."""
    return [_piece(text, key, where, values) for text, key in _cut(template)]


def _cut(template):
    """[(text, key)]: what stands there as it is has no key; a variable is {{key}} as written."""
    found, at = [], 0
    for mark in parts.MARK.finditer(template or ""):
        if mark.start() > at:
            found.append((template[at : mark.start()], ""))
        found.append((f"{{{{{mark[1]}}}}}", mark[1]))
        at = mark.end()
    if at < len(template or ""):
        found.append((template[at:], ""))
    return found


def _piece(text, key, where, values):
    value = values.get((where, key)) if key else ""
    return Piece(value or text, key, bool(value) or not key)


def _joined(cut, where, values):
    return "".join((values.get((where, key)) if key else "") or text for text, key in cut)


def _button(button, values):
    value = values.get(("button", str(button.index))) or ""
    if button.kind != "url" or not value:
        return button
    return replace(button, url=parts.MARK.sub(lambda _: value, button.url))
