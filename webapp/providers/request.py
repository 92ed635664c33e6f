"""A call as it will leave, whoever carries it: the one-by-one path or a campaign's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

import orjson

from . import tracing

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """The body to read, for the passport; no headers, they hold the credentials."""
        text = self.body.decode()
        if self.headers.get("Content-Type") != FORM:
            return text
        return tracing.form_text(parse_qsl(text, keep_blank_values=True))


def json_request(url: str, payload, headers: Mapping | None = None, method="POST") -> Request:
    return Request(method, url, orjson.dumps(payload), {**(headers or {}), "Content-Type": JSON})


def form_request(url: str, fields: Mapping | Iterable, headers: Mapping | None = None) -> Request:
    """`fields`: a mapping, or pairs where a name repeats."""
    body = urlencode(pairs_of(fields), errors="replace").encode()
    return Request("POST", url, body, {**(headers or {}), "Content-Type": FORM})


def pairs_of(fields: Mapping | Iterable) -> list:
    return list(fields.items()) if isinstance(fields, Mapping) else list(fields)
