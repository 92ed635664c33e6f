"""Counts as `figures` does, from sums of the quarters of an hour that are over.

Those were counted by `figures` themselves (`summing`), so both say the same. What is not summed
up yet, was changed since, or is asked by what the sums do not tell apart, is counted from the rows.
"""

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Table, and_, func, not_, select

from webapp.analytics import attendance, figures
from webapp.analytics.epoch import moment_of, whole_seconds
from webapp.analytics.models import (
    Kind,
    LateChange,
    MessageSum,
    PhaseSum,
    PresenceSum,
    SummedUp,
)
from webapp.analytics.periods import SLICE
from webapp.extensions import db

PHASES, MESSAGES, PRESENCE = PhaseSum.__table__, MessageSum.__table__, PresenceSum.__table__
MOST_GAPS = 4  # counted one by one; of more the nearest go together


class Store(NamedTuple):
    """A table of sums: of which facts, and what it tells apart as they do."""

    kind: Kind
    table: Table
    facts: tuple
    keys: dict


OF_PHASES = Store(
    Kind.PHASES,
    PHASES,
    (figures.BEGUN, figures.ENDED, figures.REPLIED, figures.OFFERED),
    {"account": PHASES.c.account_id, "queue": PHASES.c.queue_id, "agent": PHASES.c.agent_id},
)
OF_MESSAGES = Store(
    Kind.MESSAGES,
    MESSAGES,
    (figures.WRITTEN,),
    {"account": MESSAGES.c.account_id, "template": MESSAGES.c.template_id},
)
DURATIONS = {"wait": PHASES.c.waits, "handle": PHASES.c.handles, "reply": PHASES.c.replies}


class Split(NamedTuple):
    """A period in what is summed up, (from, until) in seconds, and what is not, in moments."""

    summed: list
    raw: list


def count(facts, start, end, by=(), where=(), step=None, names=None):
    """As `figures.count`."""
    told = [name for name in (*facts.counts, *facts.sums) if names is None or name in names]
    store = _store(facts, by, where, step, told)
    if store is None:
        return figures.count(facts, start, end, by, where, step, names)
    split = of_period(store.kind, start, end)
    found = {}
    values = [func.sum(store.table.c[name]) for name in told]
    for key, numbers in _grouped(store, split, by, where, step, values):
        if any(numbers):
            found[key] = dict(zip(told, map(int, numbers), strict=True))
    for first, last in split.raw:
        for key, sums in figures.count(facts, first, last, by, where, step, names).items():
            found[key] = figures.add(found.get(key, {}), sums)
    return found


def spread(name, start, end, by=(), where=(), step=None):
    """As `figures.spread`."""
    facts, *_ = figures.SPREADS[name]
    store = _store(facts, by, where, step, ())
    if store is None:
        return figures.spread(name, start, end, by, where, step)
    split = of_period(store.kind, start, end)
    found = {}
    values = [func.aggregate_strings(DURATIONS[name], ",")]
    for key, (durations,) in _grouped(store, split, by, where, step, values):
        if durations:
            times = Counter(durations.split(","))
            found[key] = {int(seconds): many for seconds, many in times.items()}
    for first, last in split.raw:
        for key, times in figures.spread(name, first, last, by, where, step).items():
            found[key] = figures.add(found.get(key, {}), times)
    return found


def busy(user_ids, start, end, now):
    """As `attendance.busy`."""
    split = of_period(Kind.PRESENCE, start, min(end, now))
    parts = [attendance.busy(user_ids, first, last, now) for first, last in split.raw]
    if split.summed:
        sums = (func.sum(PRESENCE.c[name]) for name in ("available", "holding", "places"))
        wanted = select(PRESENCE.c.user_id, *sums).where(
            PRESENCE.c.user_id.in_(user_ids), _within(PRESENCE, split)
        )
        rows = db.session.execute(wanted.group_by(PRESENCE.c.user_id))
        parts.append({person: tuple(map(int, seconds)) for person, *seconds in rows})
    nothing = (0, 0, 0)
    return {
        person: tuple(sum(part.get(person, nothing)[at] for part in parts) for at in range(3))
        for person in user_ids
    }


def _store(facts, by, where, step, told):
    """Whose sums can tell; None where only the rows do."""
    for store in (OF_PHASES, OF_MESSAGES):
        if any(facts is one for one in store.facts):
            asked = {*by, *dict(where)}
            is_known = asked <= {*store.keys} and {*told} <= {*store.table.c.keys()}
            return store if is_known and not (step or 0) % SLICE else None
    return None


def _grouped(store, split, by, where, step, values):
    """(key, values) of what is summed up, the keys as `figures` has them."""
    if not split.summed:
        return
    keys = [store.keys[name] for name in by]
    if step:
        keys.append(store.table.c.second // step * step)
    wanted = select(*keys, *values).where(_within(store.table, split))
    for name, ids in dict(where).items():
        wanted = wanted.where(store.keys[name].in_(ids))
    for row in db.session.execute(wanted.group_by(*keys)):
        yield tuple(row[: len(keys)]), row[len(keys) :]


def _within(table, split):
    """One range of the index, without its gaps."""
    second, summed = table.c.second, split.summed
    gaps = [(before[1], after[0]) for before, after in pairwise(summed)]
    return and_(
        second >= summed[0][0],
        second < summed[-1][1],
        *(not_(and_(second >= first, second < last)) for first, last in gaps),
    )


def of_period(kind, start, end):
    """What of a period is summed up, and what is not."""
    whole = SummedUp.from_second, SummedUp.until_second
    kept = db.session.execute(select(*whole).where(SummedUp.kind == kind)).first()
    if kept is None:
        return Split([], [(start, end)])
    first = max(up(whole_seconds(start)), kept.from_second)
    last = min(down(whole_seconds(end)), kept.until_second)
    if start.microsecond:
        first = max(first, up(whole_seconds(start) + 1))
    edges = [
        first,
        *(second for gap in _fewest(changed(kind, first, last)) for second in gap),
        last,
    ]
    summed = _parts(edges)
    if not summed:
        return Split([], [(start, end)])
    return Split(summed, _parts([start, *(moment_of(at) for part in summed for at in part), end]))


def _parts(edges):
    """Every other stretch between them, if it is one."""
    return [(begin, until) for begin, until in list(pairwise(edges))[::2] if begin < until]


def changed(kind, first, last):
    """[(from, until)] of the slices within the seconds that are to be summed up anew, in order."""
    late = LateChange
    rows = (
        select(late.from_second, late.until_second)
        .where(late.kind == kind, late.until_second > first, late.from_second < last)
        .distinct()
        .order_by(late.from_second)
    )
    found = []
    for begin, until in db.session.execute(rows):
        begin, until = max(down(begin), first), min(up(until), last)
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((begin, until))
    return found


def _fewest(gaps):
    """No more than MOST_GAPS: the widest distances stay between them."""
    distances = [after[0] - before[1] for before, after in pairwise(gaps)]
    kept = sorted(range(len(distances)), key=lambda at: -distances[at])[: MOST_GAPS - 1]
    found = []
    for at, gap in enumerate(gaps):
        if found and at - 1 not in kept:
            found[-1] = (found[-1][0], gap[1])
        else:
            found.append(gap)
    return found


def down(second):
    """Where the slice begins that this second is in."""
    return second // SLICE * SLICE


def up(second):
    """Where the next slice begins, if none begins with this second."""
    return -(-second // SLICE) * SLICE
