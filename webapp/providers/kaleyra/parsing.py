"""From a callback to events, recognised by what stands in it, whatever the account is set to.

Never raises and drops nothing: what can't be read becomes Unsupported and keeps its raw form.
"""

import re
from datetime import UTC, datetime

from ..events import AccountRef, Unsupported, WebhookRequest
from ..reading import clean, clean_text, dict_of
from . import flat, news, statuses, wrapped
from .decoding import document_of, variables_of

_STATUS = re.compile(rb'"status"\s*:')
_OTHER = re.compile(rb'"(?:from|event|messages)"\s*:')  # a message, or news of another kind
_KEPT_OF_UNREADABLE = 2000  # characters; the stored payload has the rest


def is_only_receipts(request: WebhookRequest) -> bool:
    """Whether it surely is a receipt: V1 tells it in the query or as JSON, V2 as Meta does."""
    if request.body:
        return bool(_STATUS.search(request.body)) and not _OTHER.search(request.body)
    told = request.query
    return "status" in told and not ("from" in told or "event" in told)


def events_of(request: WebhookRequest, own_number: str) -> list:
    try:
        return _read(request, own_number)
    except Exception as error:  # whatever strangers write, the next callback goes on
        return [_unreadable(request, f"It could not be read: {type(error).__name__}.")]


def _read(request, own_number):
    at = request.received_at or datetime.now(UTC)
    document = document_of(request.body)
    if isinstance(document, list):
        return _each(document, request, own_number, at)
    if document is not None and (wrapped.is_wrapped(document) or wrapped.is_older_form(document)):
        return wrapped.events_of(document, at)
    variables = variables_of(request, document)
    if not variables:
        return [_unreadable(request, "The callback holds nothing we can read.")]
    return _flat(variables, own_number, at)


def _each(documents, request, own_number, at):
    """One callback carries one thing; should several come, each is read by itself."""
    events = []
    for document in map(dict_of, documents):
        if wrapped.is_wrapped(document) or wrapped.is_older_form(document):
            events += wrapped.events_of(document, at)
        elif document:
            events += _flat(variables_of(request, document), own_number, at)
    return events or [_unreadable(request, "The callback holds nothing we can read.")]


def _flat(variables, own_number, at):
    if news.is_template_news(variables):
        return news.template_news(variables, at)
    if "status" in variables and not ("from" in variables and "type" in variables):
        return statuses.flat(variables, at)
    if news.is_quality_news(variables):
        return news.quality_news(variables, at)
    return flat.message_of(variables, own_number, at)


def _unreadable(request, reason):
    start = request.body[:_KEPT_OF_UNREADABLE].decode("utf-8", "replace")
    raw = {"value": clean_text(start), "query": clean(dict(request.query))}
    return Unsupported(AccountRef(), "", reason, raw)
