"""From a webhook's body to events: one object per POST, whose top-level key tells what it is.

Never raises and drops nothing: what can't be read becomes Unsupported and keeps its raw form.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from ..base import AccountRef, Unsupported
from ..reading import NotJson, dict_of, load, text_of
from .envelope import Envelope, moment_of
from .happenings import (
    channel_event,
    contact_event,
    customer_event,
    opted_in,
    opted_out,
)
from .messages import inbound, receipt, unconverted

_KEPT_OF_UNREADABLE = 2000  # characters; the stored payload has the rest
WHATSAPP = "WHATSAPP"


def events_of(body: bytes, received_at: datetime | None = None) -> list:
    at = received_at or datetime.now(UTC)
    try:
        found = load(body)
    except NotJson:
        start = body[:_KEPT_OF_UNREADABLE].decode("utf-8", "replace").replace("\x00", "")
        return [Unsupported(AccountRef(), "", "The body is not JSON.", {"value": start})]
    # Batches are not documented, and cost nothing to allow for.
    parts = found if isinstance(found, list) and found else [found]
    return [event for part in parts for event in _guarded(part, at)]


def _guarded(part, at):
    if not isinstance(part, dict):
        raw = {"value": part}
        return [Unsupported(AccountRef(), "", "The body is not an object.", raw)]
    try:
        return _body(part, at)
    except Exception as error:  # whatever strangers write, the rest goes on
        reason = f"It could not be read: {type(error).__name__}."
        return [Unsupported(AccountRef(), "", reason, part)]


def _body(raw, at):
    events = []
    for key, read in _READERS.items():
        if key in raw:
            events += _element(raw, key, read, at)
    if events:
        return events
    names = [key for key in raw if key not in _ENVELOPE]
    known = next((key for key in names if key in _HARMLESS), "")
    name = known or next(iter(names), "")
    around = Envelope(raw, name, at)
    return around.unsupported(f"News of the kind “{name}” is not used.", harmless=bool(known))


def _element(raw, key, read, at):
    element = raw[key]
    if not isinstance(element, dict):
        return Envelope(raw, key, at).unsupported(f"“{key}” is not an object.")
    # When it happened at WhatsApp; then when Sinch took it; one asked for has only the latter.
    written = (raw.get("event_time"), element.get("accept_time"), raw.get("accepted_time"))
    around = Envelope(raw, key, next((m for value in written if (m := moment_of(value))), at))
    channel = _channel(element)
    if channel not in ("", WHATSAPP):
        # Messenger, Instagram and others may be in the same app.
        return around.unsupported(f"From the channel {channel}, not WhatsApp.", harmless=True)
    return read(element, around)


def _channel(element):
    inner = dict_of(element.get("channel_event")) or element
    named = dict_of(inner.get("channel_identity")).get("channel") or inner.get("channel")
    return text_of(named).upper()


_ENVELOPE = {
    "accepted_time",
    "app_id",
    "correlation_id",
    "event_time",
    "message_metadata",
    "project_id",
}
_READERS: dict[str, Callable] = {
    "message": inbound,
    "message_delivery_report": receipt,
    "event": customer_event,
    "unsupported_callback": unconverted,
    # So in Sinch's notes for agents, unlike its libraries and its own samples.
    "unsupported": unconverted,
    "channel_event_notification": channel_event,
    "channel_event": channel_event,
    "opt_in_notification": opted_in,
    "opt_out_notification": opted_out,
    "contact_create_notification": contact_event,
    "contact_update_notification": contact_event,
}
# Known, and of no use to a contact centre.
_HARMLESS = {
    "batch_status_update_notification",
    "capability_notification",
    "contact_delete_notification",
    "contact_merge_notification",
    "conversation_delete_notification",
    "conversation_start_notification",
    "conversation_stop_notification",
    "duplicated_contact_identities_notification",
    "event_delivery_report",
    "message_redaction",
    "message_submit_notification",
    "record_notification",
    "smart_conversation_notification",
}
