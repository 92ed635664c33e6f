"""The tables of docs/providers.md, as the code has it.

`python -m tests.providers.matrix` writes them anew; a test fails while they differ.
"""

import re
from pathlib import Path

from webapp.providers import PROVIDERS
from webapp.providers.base import MessageKind

from .casts import CASTS
from .probes import PROBES, ROWS

DOCUMENT = Path(__file__).parents[2] / "docs" / "providers.md"
TITLES = {
    "meta": "Meta",
    "twilio": "Twilio",
    "sinch": "Sinch",
    "kaleyra v1": "Kaleyra V1",
    "kaleyra v2": "Kaleyra V2",
    "sandbox": "Sandbox",
}
YES, NO = "✓", "–"
FILES = {
    MessageKind.IMAGE: "Picture",
    MessageKind.VIDEO: "Video",
    MessageKind.AUDIO: "Sound",
    MessageKind.VOICE: "Voice note",
    MessageKind.DOCUMENT: "Document",
    MessageKind.STICKER: "Sticker",
}
TYPES = {
    "application/msword": "Word",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.ms-powerpoint": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "text/plain": "plain text",
    "audio/mpeg": "MP3",
    "audio/mp4": "M4A",
    "video/3gpp": "3GP",
    "audio/3gpp": "3GP",
}


def tables():
    """Name of the place in the document → table."""
    return {
        "inbound": _table("What customers do", _inbound()),
        "outbound": _table("What agents send", _outbound()),
        "files": _table("Files we send", _files()),
        "webhooks": _table("Webhooks and asking", _webhooks()),
    }


def rewritten(text):
    for name, table in tables().items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = place.sub(lambda found, table=table: f"{found[1]}\n{table}\n\n{found[2]}", text)
    return text


def _table(heading, rows):
    lines = [[heading, *TITLES.values()], ["---"] * (len(TITLES) + 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(title, cell_of):
    return [title, *(cell_of(CASTS[name].provider_at()) for name in TITLES)]


def _inbound():
    for row in ROWS:
        yield [row, *(_mark(row in PROBES[name]) for name in TITLES)]


def _outbound():
    yield _row("Text, characters at most", lambda provider: f"{provider.can.max_text:,}")
    for kind, title in FILES.items():
        yield _row(title, lambda provider, kind=kind: _file(provider.can, kind))
    for kind, title in (
        (MessageKind.LOCATION, "Location"),
        (MessageKind.CONTACTS, "Contact"),
        (MessageKind.INTERACTIVE, "Buttons and lists"),
        (MessageKind.REACTION, "Reaction"),
    ):
        yield _row(title, lambda provider, kind=kind: _mark(kind in provider.can.kinds))
    for field, title in (
        ("quotes", "Answer that quotes a message"),
        ("marks_read", "Blue ticks for the customer"),
        ("templates", "Single template"),
        ("manages_templates", "Templates managed"),
        ("edits_templates", "Templates changed after they were submitted"),
        ("deletes_templates", "Templates deleted"),
        ("campaigns", "Campaigns"),
    ):
        yield _row(title, lambda provider, field=field: _mark(getattr(provider.can, field)))
    yield _row("Customers are addressed by", _addresses)


def _file(can, kind):
    if kind not in can.kinds:
        return NO
    return f"{YES} with text" if kind in can.captions else YES


def _addresses(provider):
    names = {"wa_id": "number", "phone": "number", "bsuid": "user id"}
    return ", ".join(dict.fromkeys(names[kind] for kind in provider.can.addresses))


def _files():
    for kind, title in FILES.items():
        yield _row(title, lambda provider, kind=kind: _rule(provider.can.files.get(kind)))


def _rule(rule):
    if rule is None:
        return NO
    names = [TYPES.get(name) or name.partition("/")[2].upper() for name in rule.types]
    return f"{', '.join(dict.fromkeys(names)) or 'any'}; {_size(rule.max_bytes)}"


def _size(number):
    return f"{number >> 20} MB" if number >= 1 << 20 else f"{number >> 10} KB"


def _webhooks():
    yield _row("Called by", lambda provider: ", ".join(provider.webhook_methods))
    yield _row("End of the address", lambda provider: _code(provider.webhook_suffix))
    yield _row("Replaced without a gap", _rotating)
    yield _row("Asked what became of a message", lambda provider: _mark(provider.can.looks_up))
    yield _row("Asked for messages that were missed", lambda provider: _mark(provider.can.looks_up))


def _rotating(provider):
    fields = [field.label.lower() for field in provider.form_fields if field.rotates]
    return ", ".join([*fields, "address"])


def _code(text):
    return f"`{text}`" if text else NO


def _mark(found):
    return YES if found else NO


def unknown_providers():
    """Providers these tables say nothing of."""
    return set(PROVIDERS) - {name.partition(" ")[0] for name in TITLES}


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text()))
