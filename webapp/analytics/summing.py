"""Sums up quarters of an hour that are over, by `figures` and `attendance`, for `summed` to read.

A chunk is counted without a transaction and written in a short one. What changes meanwhile, or
ever after, leaves a note of its own (`LateChange`): only notes read before counting are taken as
done. So a sweep may be cut off, or run twice, at any place.
"""

import time
from datetime import timedelta

from sqlalchemy import delete, func, insert, select, update

from webapp import database
from webapp.analytics import attendance, figures, summed
from webapp.analytics.epoch import moment_of, whole_seconds
from webapp.analytics.models import AgentInterval, InteractionPhase, Kind, LateChange, SummedUp
from webapp.analytics.periods import SLICE
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Message
from webapp.queues.models import Offer
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

# What is younger is not summed up: the triggers note only what changes after an hour, so that a
# message of now costs nothing; the second hour is for transactions and clocks that lag behind.
AGE = timedelta(hours=2)
SHORTEST_CHUNK, LONGEST_CHUNK = 96 * SLICE, 100 * 96 * SLICE
QUICK = 0.25  # seconds; where little happened, the next chunk is twice as long
LONGEST_SWEEP = 15  # seconds
BATCH = 1_000
_first_state = (
    select(func.min(AgentInterval.from_at))
    .where(AgentInterval.user_id == User.id)
    .scalar_subquery()
)
FIRST = {
    Kind.PHASES: (func.min(InteractionPhase.from_at), func.min(Offer.ended_at)),
    Kind.MESSAGES: (func.min(Message.received_at),),
    Kind.PRESENCE: (func.min(_first_state),),  # of each person by index
}
DURATIONS = {name: column.name for name, column in summed.DURATIONS.items()}
NOTHING = {
    column.name: None if column.nullable else 0
    for column in summed.PHASES.c
    if column.name not in ("id", "second")
}


def sweep(is_enough=lambda: False, now=None, longest=LONGEST_SWEEP):
    """Sum up what is not yet: what has ended, then what was changed, then the past, the newest
    first. Until all is done, `is_enough()`, or after so many seconds; how many chunks."""
    now, began, done = now or utcnow(), time.monotonic(), 0
    for kind in Kind:
        length = SHORTEST_CHUNK
        while (chunk := _next(kind, now, length)) is not None:
            started = time.monotonic()
            if is_enough() or started - began > longest:
                return done
            if not _sum_up(kind, *chunk):
                break
            done += 1
            is_quick = time.monotonic() - started < QUICK
            length = min(2 * length, LONGEST_CHUNK) if is_quick else SHORTEST_CHUNK
    return done


def again(start, end):
    """Whatever is summed up of this period is to be summed up anew."""
    span = {"from_second": whole_seconds(start), "until_second": whole_seconds(end)}
    db.session.execute(insert(LateChange), [{"kind": kind, **span} for kind in Kind])


def pending(now=None):
    """How many quarters of an hour are still to be summed up, of all kinds."""
    seconds, until = 0, summed.down(whole_seconds((now or utcnow()) - AGE))
    for kind in Kind:
        kept, oldest = _kept(kind), _oldest(kind, until)
        if kept is None:
            seconds += until - oldest
        else:
            late = summed.changed(kind, max(oldest, kept.from_second), kept.until_second)
            seconds += sum(last - first for first, last in late)
            seconds += max(0, until - kept.until_second) + max(0, kept.from_second - oldest)
    return seconds // SLICE


def _kept(kind):
    columns = SummedUp.from_second, SummedUp.until_second, SummedUp.turn
    return db.session.execute(select(*columns).where(SummedUp.kind == kind)).first()


def _next(kind, now, length=SHORTEST_CHUNK):
    """(from, until, what is kept before it) of the chunk whose turn it is; None when all is."""
    kept, last = _kept(kind), summed.down(whole_seconds(now - AGE))
    if kept is None:
        return last, last, None
    if kept.until_second < last:
        return kept.until_second, min(last, kept.until_second + length), kept
    gaps = summed.changed(kind, kept.from_second, kept.until_second)
    if not gaps and kept.from_second > 0:
        gaps = [(0, kept.from_second)]
    if not gaps:
        return None
    first, until = gaps[-1]
    # Before the very first row there is nothing to count, however long that is.
    if _oldest(kind, until) < until:
        first = max(first, until - length)
    return first, until, kept


def _oldest(kind, until):
    """Where the slice of the very first row begins, if that is earlier."""
    found = [db.session.scalar(select(moment)) for moment in FIRST[kind]]
    return min([summed.down(whole_seconds(at)) for at in found if at] + [until])


def _sum_up(kind, first, last, kept):
    """Write the sums of a chunk; False where somebody else did meanwhile."""
    notes = _notes(kind, first, last) if kept else []
    begin = max(first, _oldest(kind, last))
    rows = ROWS[kind](begin, last) if begin < last else []
    with unit_of_work():
        if not _take_turn(kind, first, last, kept):
            return False
        second = TABLES[kind].c.second
        db.session.execute(delete(TABLES[kind]).where(second >= first, second < last))
        for some in _batches(rows):
            database.insert_many(TABLES[kind], some)
        _settle(kind, notes, first, last, kept)
    return True


def _take_turn(kind, first, last, kept):
    if kept is None:
        begun = {"kind": kind, "from_second": first, "until_second": last, "turn": 0}
        wanted = database.insert(SummedUp).values(begun).on_conflict_do_nothing()
    else:
        wanted = (
            update(SummedUp)
            .where(SummedUp.kind == kind, SummedUp.turn == kept.turn)
            .values(
                from_second=min(kept.from_second, first),
                until_second=max(kept.until_second, last),
                turn=kept.turn + 1,
            )
        )
    return db.session.scalar(wanted.returning(SummedUp.kind)) is not None


def _notes(kind, first, last):
    late = LateChange
    return db.session.execute(
        select(late.id, late.from_second, late.until_second).where(
            late.kind == kind, late.until_second > first, late.from_second < last
        )
    ).all()


def _settle(kind, notes, first, last, kept):
    """Of the notes only what they say of other sums is left."""
    left = set()
    for _, begin, until in notes:
        if begin < first:
            left.add((max(begin, kept.from_second), first))
        if until > last:
            left.add((last, min(until, kept.until_second)))
    for some in _batches([id for id, *_ in notes]):
        db.session.execute(delete(LateChange).where(database.among(LateChange.id, some)))
    spans = [(begin, until) for begin, until in sorted(left) if begin < until]
    if spans:
        rows = [{"kind": kind, "from_second": one, "until_second": two} for one, two in spans]
        db.session.execute(insert(LateChange), rows)


def _batches(rows):
    return (rows[at : at + BATCH] for at in range(0, len(rows), BATCH))


def _of_phases(first, last):
    """The rows of a chunk: whatever `figures` counts, by place and quarter of an hour."""
    found = _counted(summed.OF_PHASES, first, last)
    by, start, end = tuple(summed.OF_PHASES.keys), moment_of(first), moment_of(last)
    for name, column in DURATIONS.items():
        for key, times in figures.spread(name, start, end, by, step=SLICE).items():
            each = [",".join([str(seconds)] * many) for seconds, many in sorted(times.items())]
            found.setdefault(key, {})[column] = ",".join(each)
    return [NOTHING | row for row in _rows(summed.OF_PHASES, found)]


def _of_messages(first, last):
    return _rows(summed.OF_MESSAGES, _counted(summed.OF_MESSAGES, first, last))


def _counted(store, first, last):
    found, by = {}, tuple(store.keys)
    for facts in store.facts:
        names = {*facts.counts, *facts.sums} & {*store.table.c.keys()}
        counted = figures.count(
            facts, moment_of(first), moment_of(last), by, step=SLICE, names=names
        )
        for key, numbers in counted.items():
            found.setdefault(key, {}).update(numbers)
    return found


def _rows(store, found):
    """In the order of time, so that a period lies together."""
    names = (*(column.name for column in store.keys.values()), "second")
    ordered = sorted(found.items(), key=lambda one: one[0][-1])
    return [dict(zip(names, key, strict=True)) | numbers for key, numbers in ordered]


def _of_presence(first, last):
    people = db.session.scalars(select(User.id)).all()
    start, end = moment_of(first), moment_of(last)
    found = attendance.busy(people, start, end, end, step=SLICE)
    names = ("user_id", "second", "available", "holding", "places")
    ordered = sorted(found.items(), key=lambda one: one[0][1])
    return [dict(zip(names, (*key, *seconds), strict=True)) for key, seconds in ordered]


ROWS = {Kind.PHASES: _of_phases, Kind.MESSAGES: _of_messages, Kind.PRESENCE: _of_presence}
TABLES = {
    Kind.PHASES: summed.PHASES,
    Kind.MESSAGES: summed.MESSAGES,
    Kind.PRESENCE: summed.PRESENCE,
}
