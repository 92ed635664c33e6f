"""V2's callbacks: one change in Meta's form, and what Kaleyra adds to it.

developers.kaleyra.io/docs/whatsapp-incoming-message-webhook-payload-text-message and its siblings
"""

from dataclasses import replace
from datetime import datetime

from ..events import AccountRef, InboundMessage, MessageKind
from ..meta.messages import Surroundings, inbound
from ..reading import dict_of, digits_of, list_of, text_of
from . import statuses
from .contents import FILES, link_id, media_by_link, with_phone_lists, without_file
from .decoding import structured
from .identifiers import kaleyra_id


def is_wrapped(document: dict) -> bool:
    return isinstance(structured(document.get("meta_object")), dict)


def is_older_form(document: dict) -> bool:
    """The bare value of the on-premises API: `contacts` and `messages` with nothing round them."""
    found = [*list_of(document.get("messages")), *list_of(document.get("statuses"))]
    return any(isinstance(element, dict) for element in found)


def events_of(document: dict, at: datetime) -> list:
    change = dict_of(structured(document.get("meta_object")))
    value = dict_of(change.get("value")) or document
    extra = dict_of(structured(document.get("extra_info")))
    number = dict_of(value.get("metadata")).get("display_phone_number")
    around = Surroundings(
        # The number alone: the ids beside it are Meta's, which these accounts don't have.
        account_ref=AccountRef(display_phone=digits_of(number) or None),
        field=text_of(change.get("field")) or "messages",
        cards=list_of(value.get("contacts")),
        at=at,
    )
    events = []
    for message in _dicts(value, "messages"):
        events += _message(message, extra, document, around)
    for status in _dicts(value, "statuses"):
        events += statuses.wrapped(status, document, extra, around)
    return events or [around.unsupported(document, "A callback with nothing in it.")]


def _dicts(value, name):
    return [element for element in list_of(value.get(name)) if isinstance(element, dict)]


def _message(message, extra, document, around):
    link = text_of(extra.get("media_url"))
    events = inbound(_tolerable(message, link), around)
    return [
        _completed(event, message, extra, link, document)
        if isinstance(event, InboundMessage)
        else event
        for event in events
    ]


def _tolerable(message, link):
    kind = text_of(message.get("type"))
    body = with_phone_lists(kind, message.get(kind))
    if kind in FILES and isinstance(body, dict):
        body = {**body, "id": text_of(body.get("id")) or link_id(link)}
    return {**message, kind: body} if kind else message


def _completed(event, message, extra, link, document):
    quoted = kaleyra_id(extra.get("reply_to")) or event.reply_to
    if event.kind in (MessageKind.EDIT, MessageKind.REVOKE):
        quoted = event.reply_to  # the customer's own message: WhatsApp's id is the one we know
    event = replace(event, reply_to=quoted, media=media_by_link(event.media, link), raw=document)
    kind = text_of(message.get("type"))
    if kind in FILES and event.media is None and not event.content.get("note"):
        said = without_file(event, kind)
        event = replace(event, kind=said.kind, text=said.text, content=said.content)
    return event
