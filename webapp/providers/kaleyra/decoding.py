"""What Kaleyra's callbacks carry, however an admin wrote the call: query, form or JSON text.

The JSON is a text of the admin's in which `<variable>` was replaced; whether Kaleyra escapes what
customers wrote is not documented (unconfirmed), so a quote in a message may break it.
developers.kaleyra.io/docs/create-wa-callback-profiles-using-dynamic-variables
"""

import json
import re
from urllib.parse import parse_qsl, urlsplit

from ..events import WebhookRequest
from ..reading import clean, dict_of

VARIABLES = frozenset(
    {
        *("body", "contacts", "created_at", "custom_response", "from", "id", "location"),
        *("media_url", "message", "mime_type", "mobile", "name", "payload", "reply_to", "type"),
        *("error", "error_code", "phone_number", "price", "ref", "ref1", "ref2", "status"),
        *("callback_profile_id", "company_id", "event", "message_template_id", "time"),
        *("message_template_language", "message_template_name", "other_info", "reason"),
        *("current_limit", "display_phone_number", "timestamp", "wanumber"),
    }
)
_DECODER = json.JSONDecoder(strict=False)
_NAMES = "|".join(sorted(VARIABLES, key=len, reverse=True))
_KEY = re.compile(rf'[{{,]\s*"(?P<name>{_NAMES})"\s*:\s*')
_MOST_FIELDS = 200


def document_of(body: bytes):
    """The JSON in a body, whole or what can be made out of it; None where it holds no JSON."""
    text = body.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")):
        return None
    try:
        return clean(json.loads(text, strict=False, **_TOLERANT))
    except (ValueError, RecursionError):
        return clean(_made_out(text)) or None


def _first_wins(pairs):
    # A customer's unescaped text may carry keys of its own. Ours come first, so a sender can't be
    # forged by writing `","from":"…` as long as the template names `from` before what they wrote.
    return dict(reversed(pairs))


_TOLERANT = {"object_pairs_hook": _first_wins, "parse_constant": lambda _: None}


def _made_out(text):
    """The values of known keys from a flat object broken by what was put into it."""
    found, place = {}, 0
    while len(found) < _MOST_FIELDS and (key := _KEY.search(text, place)):
        value, place = _value(text, key.end())
        found.setdefault(key["name"], value)
    return found


def _value(text, start):
    nested = start + 1 if text[start : start + 1] == '"' else start
    if text[nested : nested + 1] in ("[", "{"):
        try:
            return _DECODER.raw_decode(text, nested)
        except (ValueError, RecursionError):
            pass
    following = _KEY.search(text, start)
    end = following.start() if following else len(text)
    return _unwrapped(text[start:end], last=following is None), end


def _unwrapped(written, last):
    written = written.strip()
    if last:
        written = written.removesuffix("}").rstrip()
    if not written.startswith('"'):
        return written
    inner = written[1:].removesuffix('"')
    try:
        return json.loads(f'"{inner}"', strict=False)
    except ValueError:
        return inner


def variables_of(request: WebhookRequest, document) -> dict:
    """The flat form: JSON before form before query; what is unset counts as not sent."""
    merged = {}
    for source in (dict_of(document), _form_of(request.body, document), _query_of(request)):
        for key, value in source.items():
            name = str(key).strip().lower()
            if not _is_unset(name, value):
                merged.setdefault(name, value)
    if _is_null(merged.get("body")) and merged.get("type") != "text":
        del merged["body"]
    return merged


def _form_of(body, document):
    if document is not None:
        return {}
    return _first(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _query_of(request):
    """Values may be wrapped in double quotes: the documentation's own sample does it."""
    pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    pairs = [*pairs, *request.query.items()]
    return _first([part for key, value in pairs for part in _split(key, value)])


def _split(key, value):
    # Our callback address has a query of its own; one that appends its own with a second "?"
    # instead of "&" is put right here.
    value, mark, rest = value.partition("?") if key == "ref" else (value, "", "")
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return [(key, value), *(parse_qsl(rest) if mark else ())]


def _first(pairs):
    found = {}
    for key, value in clean([list(pair) for pair in pairs]):
        if not _is_unset(key, value):
            found.setdefault(key, value)
    return found


def _is_unset(name, value):
    if value is None or value == "":
        return True
    if not isinstance(value, str):
        return False
    text = value.strip()
    if text.startswith("<") and text.endswith(">"):
        return text[1:-1] in VARIABLES
    return not text or (name != "body" and _is_null(text))


def _is_null(value):
    return isinstance(value, str) and value.strip().lower() == "null"


def structured(value):
    """An object or array, whether it came as such or as JSON text; text stays text."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return clean(json.loads(value, strict=False, **_TOLERANT))
    except (ValueError, RecursionError):
        return value
