"""From a webhook's body to events: many entries, changes and elements in one POST.

Never raises and drops nothing: what can't be read becomes Unsupported and keeps its raw form.
"""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime

from ..base import AccountRef, Source, Unsupported
from ..reading import NotJson, dict_of, digits_of, list_of, load, moment_of, text_of
from .account_news import (
    ACCOUNT_FIELDS,
    HARMLESS_FIELDS,
    TEMPLATE_FIELDS,
    account_error,
    account_update,
    preference,
    template_update,
)
from .messages import Surroundings, echo, inbound, past, receipt

OBJECT = "whatsapp_business_account"
_KEPT_OF_UNREADABLE = 2000  # characters; the stored payload has the rest


def events_of(body: bytes, received_at: datetime | None = None) -> list:
    at = received_at or datetime.now(UTC)
    try:
        envelope = load(body)
    except NotJson:
        start = body[:_KEPT_OF_UNREADABLE].decode("utf-8", "replace").replace("\x00", "")
        return [Unsupported(AccountRef(), "", "The body is not JSON.", {"value": start})]
    around = Surroundings(AccountRef(), "", [], at)
    if not isinstance(envelope, dict) or not isinstance(envelope.get("entry"), list):
        return [around.unsupported(envelope, "The body has no entries.")]
    if envelope.get("object") != OBJECT:
        name = text_of(envelope.get("object"))
        return [around.unsupported(envelope, f"Not about WhatsApp: “{name}”.", harmless=True)]
    return _each(envelope["entry"], _entry, around)


def _each(elements, read: Callable, around: Surroundings, what: str = "An element") -> list:
    """One that can't be read must not take its neighbours along."""
    if not isinstance(elements, list):
        return [around.unsupported(elements, f"{what} is not a list.")]
    return [event for element in elements for event in _guarded(element, read, around)]


def _guarded(element, read, around):
    if not isinstance(element, dict):
        return [around.unsupported(element, "An element is not an object.")]
    try:
        return read(element, around)
    except Exception as error:  # whatever strangers write, the rest of the batch goes on
        return [around.unsupported(element, f"It could not be read: {type(error).__name__}.")]


def _entry(entry, around):
    around = dataclasses.replace(
        around,
        account_ref=AccountRef(waba_id=text_of(entry.get("id")) or None),
        at=moment_of(entry.get("time"), around.at),
    )
    if "changes" not in entry:
        return [around.unsupported(entry, "An entry without changes.")]
    return _each(entry["changes"], _change, around, "“changes”")


def _change(change, around):
    value = change.get("value")
    around = dataclasses.replace(around, field=text_of(change.get("field")))
    if not isinstance(value, dict):
        return [around.unsupported(change, "A change without a value.")]
    around = dataclasses.replace(
        around,
        account_ref=_account_ref(value, around.account_ref.waba_id),
        cards=list_of(value.get("contacts")),
    )
    return _READERS.get(around.field, _other)(value, around)


def _account_ref(value, waba_id):
    number = dict_of(value.get("metadata"))
    return AccountRef(
        text_of(number.get("phone_number_id")) or None,
        waba_id,
        digits_of(number.get("display_phone_number")) or None,
    )


def _messages(value, around):
    """Whatever arrays are there count: one value may carry several kinds."""
    events = []
    for name, read in _ELEMENTS.items():
        if name in value:
            events += _each(value[name], read, around, f"“{name}”")
    return events or [around.unsupported(value, "A change with nothing in it.")]


def _echoes(value, around):
    return _messages(value, dataclasses.replace(around, source=Source.APP))


def _history(value, around):
    around = dataclasses.replace(around, source=Source.HISTORY)
    if "history" in value:
        return _each(value["history"], _chunk, around, "“history”")
    # Media of old messages follows later, as messages of its own.
    return _messages(value, around)


def _chunk(chunk, around):
    if "errors" in chunk:
        return _each(chunk["errors"], account_error, around, "“errors”")
    return _each(chunk.get("threads"), _thread, around, "“threads”")


def _thread(thread, around):
    thread_id = text_of(thread.get("id"))

    def read(message, around):
        return past(message, thread_id, around)

    return _each(thread.get("messages"), read, around, "“messages”")


def _standby(value, around):
    inner = value.get("standby")
    if not isinstance(inner, dict):
        return [around.unsupported(value, "A change with nothing in it.")]
    cards = list_of(inner.get("contacts")) or around.cards
    around = dataclasses.replace(around, source=Source.STANDBY, cards=cards)
    return _messages(inner, around)


def _preferences(value, around):
    return _each(value.get("user_preferences"), preference, around, "“user_preferences”")


def _state_sync(value, around):
    def read(element, around):
        return [around.unsupported(element, "The app's contact list is not used.", harmless=True)]

    return _each(value.get("state_sync"), read, around, "“state_sync”")


def _other(value, around):
    name = around.field
    reason = f"News of the kind “{name}” is not used."
    return [around.unsupported(value, reason, harmless=name in HARMLESS_FIELDS)]


_ELEMENTS: dict[str, Callable] = {
    "messages": inbound,
    "message_echoes": echo,
    "statuses": receipt,
    "errors": account_error,
}
_READERS: dict[str, Callable] = {
    "messages": _messages,
    "smb_message_echoes": _echoes,
    "history": _history,
    "standby": _standby,
    "user_preferences": _preferences,
    "smb_app_state_sync": _state_sync,
    **dict.fromkeys(TEMPLATE_FIELDS, template_update),
    **dict.fromkeys(ACCOUNT_FIELDS, account_update),
}
