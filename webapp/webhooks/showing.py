"""A stored webhook or an exchange as a person reads it: laid out, marked up, without secrets."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson
from markupsafe import Markup, escape

from webapp.webhooks.masking import mask

MOST_SHOWN = 20_000  # characters of one text; the rest is said to be there

_TOKENS = re.compile(
    r'(?P<text>"(?:\\.|[^"\\])*")(?P<key>\s*:)?'
    r"|(?P<word>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b|\btrue\b|\bfalse\b|\bnull\b)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a request; `left_out` characters of it are not shown."""

    title: str
    text: str
    left_out: int

    @property
    def markup(self):
        """Keys and values told apart, whatever else the text is."""
        return _marked(self.text)


def parts_of(payload, secrets):
    """What a webhook consisted of besides its headers."""
    parts = []
    if payload.query:
        parts.append(part("Query", _pairs(payload.query), secrets))
    if payload.body:
        parts.append(part("Body", body_text(payload.body, payload.content_type), secrets))
    return parts


def part(title, text, secrets):
    text = mask(text, secrets)
    return Part(title, text[:MOST_SHOWN], max(0, len(text) - MOST_SHOWN))


def body_text(body, content_type=""):
    """JSON indented, a form a line for each field, anything else as it is."""
    text = bytes(body).decode("utf-8", "replace")
    if "form-urlencoded" in content_type.lower():
        return _pairs(text)
    return laid_out(text)


def laid_out(text):
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    except (orjson.JSONDecodeError, TypeError):  # not JSON, or nested deeper than it writes
        return text


def _pairs(text):
    return "\n".join(f"{name}: {value}" for name, value in parse_qsl(text, keep_blank_values=True))


def _marked(text):
    result, end = Markup(), 0
    for found in _TOKENS.finditer(text) if text.lstrip().startswith(("{", "[")) else ():
        result += escape(text[end : found.start()]) + _element(found)
        end = found.end()
    return result + escape(text[end:])


def _element(found):
    if found["key"]:
        return Markup("<b>{}</b>{}").format(found["text"], found["key"])
    return Markup("<i>{}</i>").format(found["text"] or found["word"])
