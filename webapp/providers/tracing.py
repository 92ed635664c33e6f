"""What was said to a provider and what it answered, for the message's passport."""

import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

MOST = 16 * 1024  # characters kept of a body
READABLE = ("json", "text", "xml", "form")
# Our webhook addresses hold the token that makes them ours; they travel in bodies as they are,
# and percent-encoded in queries.
_TOKEN = re.compile(r"(webhooks(?:/|%2F)\w+(?:/|%2F))[\w~-]+(?:\.[\w~-]+)*", re.IGNORECASE)

_kept: ContextVar[list | None] = ContextVar("exchanges", default=None)


@dataclass(frozen=True, slots=True)
class Exchange:
    """No headers: they hold the credentials. `status` is None where no answer came."""

    method: str
    url: str
    body: str
    status: int | None
    answer: str


@contextmanager
def tracing():
    """A list that fills with the calls made inside, in this thread."""
    exchanges: list[Exchange] = []
    token = _kept.set(exchanges)
    try:
        yield exchanges
    finally:
        _kept.reset(token)


def keep(method, url, said, status, answer):
    exchanges = _kept.get()
    if exchanges is not None:
        exchanges.append(Exchange(method, _shown(url), _shown(said), status, _shown(answer)))


def readable(body: bytes, content_type: str) -> str:
    if not body:
        return ""
    if any(word in content_type.lower() for word in READABLE):
        return body[: MOST * 4].decode("utf-8", "replace")
    return f"({len(body)} bytes of {content_type or 'an unnamed type'})"


def form_text(fields, files=None) -> str:
    """A form as lines to read; of a file only what it is."""
    lines = [f"{name}={value}" for name, value in fields]
    for name, (filename, _, mime_type) in (files or {}).items():
        lines.append(f"{name}=({filename}, {mime_type})")
    return "\n".join(lines)


def _shown(text):
    text = _TOKEN.sub(r"\1…", text)
    # PostgreSQL takes neither half emojis nor the zero character.
    text = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return text if len(text) <= MOST else text[:MOST] + " …"
