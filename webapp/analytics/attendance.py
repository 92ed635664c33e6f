"""Who was there: time in each state, how busy people were, and how things stood at any moment.

occupancy   of the time somebody was available, the percent in which they held a conversation
at once     how many they held on average while available
"""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Integer,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from webapp.analytics.epoch import epoch, whole_seconds
from webapp.analytics.figures import percent
from webapp.analytics.models import LONG, AgentInterval, InteractionPhase, Phase
from webapp.extensions import db
from webapp.staff.models import Presence, User

AGENTS, PHASES = AgentInterval.__table__, InteractionPhase.__table__
SAID = (AGENTS.c.state, AGENTS.c.reason)
MICROSECOND = timedelta(microseconds=1)
_sign = literal_column("1", Integer)
SIDES = union_all(select(_sign.label("sign")), select(-_sign)).subquery("sides")


class Stretch(NamedTuple):
    """A part of a period; seconds since 1970."""

    start: int
    end: int
    state: str = ""
    reason: str | None = None

    @property
    def seconds(self):
        return self.end - self.start


def stretches(user_ids, start, end, now):
    """{person: their states within the period, in order}; what has no end yet lasts until now."""
    rows = _states(user_ids, start, end).order_by(AGENTS.c.from_at, AGENTS.c.id)
    return _within(rows, AGENTS, AGENTS.c.user_id, user_ids, (start, min(end, now)), SAID)


def held(user_ids, start, end, now):
    """{person: when they held a conversation within the period}, one for each conversation."""
    rows = _held(user_ids, start, end)
    return _within(rows, PHASES, PHASES.c.owner_id, user_ids, (start, min(end, now)))


def _states(user_ids, start, end):
    return select(AGENTS).where(
        AGENTS.c.user_id.in_(user_ids),
        AGENTS.c.from_at < end,
        or_(AGENTS.c.to_at.is_(None), AGENTS.c.to_at > start),
    )


def _held(user_ids, start, end):
    return _overlapping(start, end).where(
        PHASES.c.owner_id.in_(user_ids), PHASES.c.phase == Phase.ASSIGNED
    )


def _within(rows, table, person, user_ids, period, more=()):
    """The rows' intervals cut to the period, by person."""
    first, last = map(whole_seconds, period)
    columns = (person, epoch(table.c.from_at), epoch(table.c.to_at), *more)
    found = {user_id: [] for user_id in user_ids}
    for user_id, began, ended, *said in db.session.execute(rows.with_only_columns(*columns)):
        part = Stretch(max(began, first), min(last if ended is None else ended, last), *said)
        if part.end > part.start:
            found[user_id].append(part)
    return found


def _overlapping(start, end):
    """Phases that touch the period. All but the long ones began at most LONG before it."""
    return select(PHASES).where(
        PHASES.c.from_at < end,
        or_(
            PHASES.c.to_at.is_(None),
            (PHASES.c.to_at > start) & (PHASES.c.from_at > start - LONG),
            (PHASES.c.to_at > start) & PHASES.c.is_long,
        ),
    )


def in_states(parts):
    """{(state, reason): seconds} of one person's stretches."""
    sums = {}
    for part in parts:
        key = (part.state, part.reason)
        sums[key] = sums.get(key, 0) + part.seconds
    return sums


def busy(user_ids, start, end, now, step=None):
    """{person: (available, available and holding at least one, held by count)} in seconds.

    The database walks over all beginnings and ends in order: a month has two million of them. With
    `step` a key is (person, second): the one since 1970 that begins its slice of so many seconds.
    """
    until = min(end, now)
    first, last = (literal(whole_seconds(moment), BigInteger) for moment in (start, until))
    available = _states(user_ids, start, end).where(AGENTS.c.state == Presence.AVAILABLE)
    steps = [
        _steps(available, AGENTS, AGENTS.c.user_id, last, there=1, held=0),
        _steps(_held(user_ids, start, end), PHASES, PHASES.c.owner_id, last, there=0, held=1),
    ]
    if step:
        steps.append(_pauses(user_ids, whole_seconds(start), whole_seconds(until), step))
    steps = union_all(*steps).subquery()
    within = select(
        steps.c.person,
        case(
            (steps.c.second < first, first), (steps.c.second > last, last), else_=steps.c.second
        ).label("second"),
        steps.c.there,
        steps.c.held,
    ).subquery()
    order = {"partition_by": within.c.person, "order_by": within.c.second}
    between = select(
        within.c.person,
        within.c.second,
        (func.lead(within.c.second).over(**order) - within.c.second).label("took"),
        func.sum(within.c.there).over(**order, rows=(None, 0)).label("there"),
        func.sum(within.c.held).over(**order, rows=(None, 0)).label("held"),
    ).subquery()
    took, held = between.c.took, between.c.held
    keys = [between.c.person]
    if step:
        keys.append((between.c.second // step * step).label("slice"))
    sums = select(
        *keys,
        func.sum(took),
        func.coalesce(func.sum(took).filter(held > 0), 0),
        func.sum(took * held),
    )
    sums = sums.where(between.c.there > 0, took > 0).group_by(*keys)
    found = {} if step else dict.fromkeys(user_ids, (0, 0, 0))
    for *key, available, holding, places in db.session.execute(sums):
        found[tuple(key) if step else key[0]] = (int(available), int(holding), int(places))
    return found


def _pauses(user_ids, first, last, step):
    """Rows that change nothing, where slices begin: no stretch then lies in two of them."""
    begins = select(literal(-(-first // step) * step, BigInteger).label("second"))
    begins = begins.cte("begins", recursive=True)
    following = begins.c.second + step
    begins = begins.union_all(select(following).where(following < last))
    nothing = literal_column("0", Integer)
    rows = select(User.id, begins.c.second, nothing, nothing).join(begins, true())
    return rows.where(User.id.in_(user_ids), begins.c.second < last)


def _steps(rows, table, person, last, there, held):
    """Two rows for each interval: where it begins, and where it ends or `last` says it does."""
    ends = func.coalesce(epoch(table.c.to_at), last)
    return rows.join(SIDES, true()).with_only_columns(
        person.label("person"),
        case((SIDES.c.sign > 0, epoch(table.c.from_at)), else_=ends).label("second"),
        (SIDES.c.sign * there).label("there"),
        (SIDES.c.sign * held).label("held"),
    )


def occupancy(available, holding):
    return percent(holding, available)


def at_once(available, places):
    return places / available if available else None


def states_at(moment, user_ids):
    """{person: their state at this moment}: how it was on any minute of the kept past."""
    latest = (
        select(AGENTS.c.user_id, func.max(AGENTS.c.from_at).label("from_at"))
        .where(AGENTS.c.user_id.in_(user_ids), AGENTS.c.from_at <= moment)
        .group_by(AGENTS.c.user_id)
        .subquery()
    )
    rows = select(AGENTS).join(
        latest,
        (AGENTS.c.user_id == latest.c.user_id) & (AGENTS.c.from_at == latest.c.from_at),
    )
    return {row.user_id: row for row in db.session.execute(rows.order_by(AGENTS.c.id))}


def held_at(moment):
    """The SELECT of the ids of the conversations that somebody had at this moment."""
    held = _overlapping(moment, moment + MICROSECOND).where(PHASES.c.phase == Phase.ASSIGNED)
    return held.with_only_columns(PHASES.c.interaction_id)


def phases_at(moment):
    """The phases of all conversations that were open at this moment."""
    rows = _overlapping(moment, moment + MICROSECOND)
    return db.session.execute(rows.order_by(PHASES.c.from_at, PHASES.c.id)).all()
