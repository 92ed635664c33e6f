"""A webhook's fields, from a form, a query string or JSON."""

from urllib.parse import parse_qsl

from ..base import WebhookRequest
from ..reading import NotJson, clean, dict_of, load, text_of

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000  # real ones have some thirty


class NotAForm(Exception):
    """Too many fields to be Twilio's."""


def is_form(request: WebhookRequest) -> bool:
    """Also where nobody says what it is, as with the payloads of before types were kept."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in (FORM, "") and request.method != "GET"


def pairs_of(body: bytes) -> list[tuple[str, str]]:
    """Decoded names and values, empty ones too; stray bytes survive for the signature."""
    try:
        return parse_qsl(
            body.decode("utf-8", "surrogateescape"),
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise NotAForm from error


def fields_of(request: WebhookRequest) -> dict[str, str]:
    """Each field once, the last value where a name repeats, fit to be stored."""
    if request.method == "GET":
        found = dict(request.query)
    elif is_form(request):
        found = dict(pairs_of(request.body))
    else:
        found = _of_json(request.body)
    return clean({name: text_of(value) for name, value in found.items()})


def _of_json(body):
    try:
        return dict_of(load(body))
    except NotJson:
        return {}
