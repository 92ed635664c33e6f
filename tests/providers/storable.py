"""What every event must be, whatever it was read from: of a known kind, and fit to be stored."""

import dataclasses
from datetime import datetime
from typing import get_type_hints

import orjson

from webapp.providers import base
from webapp.providers.base import Identity, InboundMessage, Sender, StatusUpdate

EVENTS = (
    base.AccountUpdate,
    base.Echo,
    base.IdentityChange,
    base.InboundMessage,
    base.NameChange,
    base.PreferenceChange,
    base.StatusUpdate,
    base.TemplateUpdate,
    base.Unsupported,
)
HINTS = {kind: get_type_hints(kind) for kind in EVENTS}


def check(event):
    """It is of a kind we know, every field of its own type, and any database takes it."""
    assert isinstance(event, EVENTS)
    assert "could not be read" not in getattr(event, "reason", ""), "a reader stumbled"
    for field in dataclasses.fields(event):
        kind, value = HINTS[type(event)][field.name], getattr(event, field.name)
        assert _fits(value, kind), (field.name, value)
    written = orjson.loads(orjson.dumps(dataclasses.asdict(event), default=str))
    assert not any("\x00" in text for text in _texts(written))
    if isinstance(event, InboundMessage):
        assert event.id
        assert event.identities
    if isinstance(event, StatusUpdate):
        assert event.message_id or event.correlation_id


def _fits(value, kind):
    if kind == Sender:
        return all(isinstance(one, Identity) and one.value for one in value)
    if kind is datetime:  # one that lies on the calendar in every zone of the earth
        return value.tzinfo is not None and 2000 < value.year < 2300
    return isinstance(value, kind)


def _texts(value):
    if isinstance(value, str):
        yield value
    children = [*value, *value.values()] if isinstance(value, dict) else value
    for child in children if isinstance(children, list) else ():
        yield from _texts(child)
