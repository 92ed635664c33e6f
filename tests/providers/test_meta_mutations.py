"""Whatever is deleted, retyped or nested in a real body: parsing goes on, events are storable."""

import copy
import dataclasses
import json
import random

import orjson
import pytest

from webapp.providers.base import MessageKind, Receipt, Severity, Source
from webapp.providers.meta.parsing import events_of

from .conftest import payload_files

ODD = (
    None,
    True,
    0,
    -1,
    1.5,
    10**25,
    "",
    "text",
    "\x00",
    "\ud800",
    float("inf"),
    "💥" * 300,
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"id": {"id": []}},
    [{"type": "text", "text": {"body": "x"}}],
)
EACH = 80  # variants of every file, the same ones on every run


def places(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else ()
    children = enumerate(value) if isinstance(value, list) else children
    for key, child in children:
        yield from places(child, (*path, key))


def mutate(body, rng):
    for _ in range(rng.randint(1, 3)):
        body = mutate_once(body, rng)
    return body


def mutate_once(body, rng):
    path = rng.choice(list(places(body)))
    if not path:
        return rng.choice(ODD) if rng.random() < 0.1 else body
    parent = body
    for step in path[:-1]:
        parent = parent[step]
    key, change = path[-1], rng.choice(("delete", "retype", "nest", "double"))
    if change == "delete":
        del parent[key]
    elif change == "retype":
        parent[key] = copy.deepcopy(rng.choice(ODD))
    elif change == "nest":
        parent[key] = rng.choice(([parent[key]], {"value": parent[key]}))
    elif isinstance(parent, list):
        parent.append(copy.deepcopy(parent[key]))
    return body


@pytest.mark.parametrize("file", payload_files("meta"), ids=lambda file: file.stem)
def test_mutated_bodies_are_parsed_into_storable_events(file):
    rng = random.Random(file.stem)
    for _ in range(EACH):
        raw = json.dumps(mutate(json.loads(file.read_bytes()), rng)).encode()
        for event in events_of(raw):
            check(event)


def check(event):
    assert isinstance(event.raw, dict)
    assert "could not be read" not in getattr(event, "reason", ""), "a reader stumbled"
    written = orjson.dumps(dataclasses.asdict(event), default=str)
    assert b"\\u0000" not in written
    for name, expected in (
        ("kind", str),
        ("text", str),
        ("content", dict),
        ("id", str),
        ("sender_name", str),
        ("recipient", str),
        ("name", str),
        ("template_id", str),
    ):
        assert isinstance(getattr(event, name, expected()), expected), (name, event)
    for at in (getattr(event, "at", None), getattr(event, "sent_at", None)):
        assert at is None or at.tzinfo is not None
    assert getattr(event, "source", Source.LIVE) in Source
    assert getattr(event, "status", Receipt.SENT) in Receipt
    assert getattr(event, "severity", Severity.INFO) in Severity
    if hasattr(event, "opens_window"):
        assert event.kind in MessageKind
        assert all(identity.value for identity in event.identities)
        assert event.identities
