"""What the editor shows beside its fields: preview, variables, and what is to be drawn anew."""

from dataclasses import dataclass

from webapp.message_templates import composing, drafting, parts, rendering

PARTS = ("examples", "header-fields", "buttons", "words", "lifetime")


@dataclass(frozen=True, slots=True)
class Preview:
    """`header` and `body` are cut into rendering.Pieces, so that values can be marked."""

    header: list
    header_kind: str
    body: list
    footer: str
    buttons: list


def preview(template, content):
    return preview_of(drafting.components_of(template), content.examples)


def preview_of(components, values):
    """`values` is {(where, key): text}."""
    rendered = rendering.render(components, values)
    head = parts.header(components)
    return Preview(
        rendering.pieces(head.text if head else "", "header", values),
        rendered.header_kind,
        rendering.pieces(parts.body_text(components), "body", values),
        rendered.footer,
        list(rendered.buttons),
    )


def variables(template):
    """Those that need an example, as parts.Variable."""
    content = drafting.content_of(template)
    if content.is_authentication:
        return []
    return parts.variables(drafting.components_of(template))


def shape(content):
    """What each part of the page is made of: it is drawn anew only where this has changed, since
    somebody may be typing in it."""
    components = composing.components_of(content)
    return {
        "examples": [(one.where, one.key) for one in parts.variables(components)],
        "header-fields": content.header_kind,
        "buttons": [one.kind for one in content.buttons],
        "words": content.is_authentication,
        "lifetime": content.category,
    }


def changed_parts(before, content, change):
    """The parts to send along; a button's own part always."""
    after = shape(content)
    anew = [name for name in PARTS if before[name] != after[name]]
    forced = {"button": "buttons", "sample": "header-fields"}
    what = change.partition("-")[0]
    for name in (forced.get(what), *_moved(what), *_dropped(change)):
        if name and name not in anew:
            anew.append(name)
    return tuple(anew)


def _moved(what):
    return ("buttons", "examples") if what in ("remove", "up", "down") else ()


def _dropped(change):
    return ("header-fields",) if change == "drop-sample" else ()


def place_of(change):
    """Where on the page somebody was who pressed this."""
    what = change.partition("-")[0]
    return {"variable": "body", "sample": "header", "drop": "header"}.get(
        what, "buttons" if change else None
    )
