"""Mutates webhooks as Hypothesis draws: fields deleted, retyped, nested, doubled; bytes damaged."""

import copy
import json
import zlib
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st

DEEP = "[" * 2_000
ODD = (
    None,
    True,
    0,
    -1,
    1.5,
    10**25,
    float("inf"),
    "",
    " ",
    "text",
    "\x00",
    "\ud800",
    "null",
    "💥" * 300,
    "9" * 400,
    "15550100002",
    "99999999999999",
    "-62135596800",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "whatsapp:",
    "http://169.254.169.254/latest",
    '{"type":"text","from":"1","text":{"body":[]}}',
    DEEP,
    [],
    {},
    [None],
    [[]],
    ["a", "b"],
    {"": None},
    {"id": {"id": []}},
    [{"type": "text", "text": {"body": "x"}}],
)
CHANGES = ("delete", "retype", "nest", "double", "swap")
DAMAGES = ("cut", "flip", "insert", "byte", "repeat", "percent")
MOST = 1 << 16  # a place is this drawn number, folded to the places there are

STEPS = st.lists(
    st.tuples(
        st.integers(0, MOST),
        st.sampled_from(CHANGES),
        st.integers(0, MOST),
    ),
    min_size=1,
    max_size=3,
)
DAMAGE = st.tuples(st.integers(0, MOST), st.sampled_from(DAMAGES), st.integers(0, 255))
MUTATIONS = st.tuples(STEPS, st.integers(0, 7), DAMAGE)
ONE_IN_EIGHT = 7  # of the calls have damaged bytes: most of those are no JSON any more


def exactly(cases, name):
    """So many examples, each name its own and the same ones on every run."""
    fixed = settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: fixed(seed(zlib.crc32(name.encode()))(test))


def shares(total, parts):
    """`total` split over the parts, the first ones get what is left over."""
    each, left = divmod(total, len(parts))
    return {part: each + (n < left) for n, part in enumerate(parts)}


def mutated(call, drawn):
    """The call as the drawn steps change it."""
    steps, chance, damage = drawn
    call = _changed(call, steps)
    return _damaged(call, *damage) if chance == ONE_IN_EIGHT else call


def _changed(call, steps):
    if call.method == "GET":
        return replace(call, query=_encoded(_mutate(_decoded(call.query), steps)))
    if "form" in call.content_type:
        return replace(call, body=_encoded(_mutate(_decoded(call.body.decode()), steps)).encode())
    return replace(call, body=json.dumps(_mutate(json.loads(call.body), steps)).encode())


def _decoded(form):
    """Fields that hold JSON are opened, so that it is mutated too."""
    fields = dict(parse_qsl(form, keep_blank_values=True))
    return {name: _opened(value) for name, value in fields.items()}


def _opened(value):
    try:
        return json.loads(value) if value.startswith(("{", "[")) else value
    except ValueError:
        return value


def _encoded(fields):
    pairs = fields.items() if isinstance(fields, dict) else [("", fields)]
    return urlencode(
        [pair for name, value in pairs for pair in _pairs(name, value)], errors="replace"
    )


def _pairs(name, value):
    """A list of texts repeats the name, as forms do; anything else structured is JSON text."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return [(name, item) for item in value]
    return [(name, value if isinstance(value, str) else json.dumps(value))]


def _mutate(content, steps):
    for place, change, odd in steps:
        content = _mutate_once(content, place, change, odd)
    return content


def _mutate_once(content, place, change, odd):
    paths = list(_paths(content))
    path = paths[place % len(paths)]
    value = copy.deepcopy(ODD[odd % len(ODD)])
    if not path:
        return {"retype": value, "nest": [content]}.get(change, content)
    parent, key = _at(content, path[:-1]), path[-1]
    if change == "delete":
        del parent[key]
    elif change == "retype":
        parent[key] = value
    elif change == "nest":
        parent[key] = [parent[key]] if odd % 2 else {"value": parent[key]}
    elif change == "swap":
        parent[key] = copy.deepcopy(_at(content, paths[odd % len(paths)]))
    elif isinstance(parent, list):
        parent.append(copy.deepcopy(parent[key]))
    else:
        parent[key] = [parent[key], copy.deepcopy(parent[key])]
    return content


def _paths(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else ()
    children = enumerate(value) if isinstance(value, list) else children
    for key, child in children:
        yield from _paths(child, (*path, key))


def _at(content, path):
    for step in path:
        content = content[step]
    return content


def _damaged(call, place, damage, byte):
    if call.method == "GET":
        query = _damage(call.query.encode(), place, damage, byte)
        # What no address can hold does not reach us: a server answers it 400.
        return replace(call, query="".join(chr(b) for b in query if 0x20 < b < 0x7F and b != 0x23))
    return replace(call, body=_damage(call.body, place, damage, byte))


def _damage(raw, place, damage, byte):
    place %= len(raw) + 1
    before, after = raw[:place], raw[place:]
    return {
        "cut": before,
        "flip": before + bytes(b ^ (byte or 1) for b in after[:1]) + after[1:],
        "insert": before + bytes([byte]) * 3 + after,
        "byte": before + b"\xff\x00\xed\xa0\x80" + after,
        "repeat": before + after * 2,
        "percent": before + b"%ff%00%ed%a0%80&%&=&" + after,
    }[damage]
