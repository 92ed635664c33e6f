"""Whatever is deleted, retyped, nested or damaged in a real webhook: reading it gives events."""

import dataclasses
from datetime import datetime
from typing import get_type_hints

import orjson
import pytest
from hypothesis import given

from tests.support.mutating import MUTATIONS, exactly, mutated, shares
from webapp.providers import base
from webapp.providers.base import Identity, InboundMessage, Sender, StatusUpdate

from .casts import CASTS

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
FILES = [(name, file) for name, cast in CASTS.items() for file in cast.calls()]
HINTS = {kind: get_type_hints(kind) for kind in EVENTS}


@pytest.fixture(scope="module")
def share(fuzz_cases):
    return shares(fuzz_cases.reading, FILES)


@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_mutated_webhook_is_read_into_storable_events(share, name, file):
    cast, counted = CASTS[name], [0]
    provider, call = cast.provider_at(), cast.call(file)

    @exactly(share[name, file])
    @given(MUTATIONS)
    def reads(drawn):
        counted[0] += 1
        for event in provider.parse(cast.request(mutated(call, drawn), secret="")):
            check(event)

    reads()
    assert counted[0] >= share[name, file]


def test_all_files_of_all_providers_are_mutated_as_often_as_asked_for(share, fuzz_cases):
    assert {name for name, _ in share} == set(CASTS)
    assert sum(share.values()) == fuzz_cases.reading
    print(f"\n{fuzz_cases.reading:,} mutated webhooks of {len(FILES)} samples were read")


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
    if kind is datetime:
        return isinstance(value, datetime) and value.tzinfo is not None
    return isinstance(value, kind)


def _texts(value):
    if isinstance(value, str):
        yield value
    children = [*value, *value.values()] if isinstance(value, dict) else value
    for child in children if isinstance(children, list) else ():
        yield from _texts(child)
