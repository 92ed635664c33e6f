"""One definition per figure: board, reports, files and alarms count and combine by these alone.

`count` and `spread` each read one index range of one table and give plain numbers; those may be
added up over queues, agents, hours and days. What people read is combined from such sums by the
functions at the end. Durations are whole seconds (`epoch`).

wait           from waiting to being accepted
first reply    from the customer's first message to the first one a person wrote
handle         from first being accepted to the close
service level  accepted within the queue's seconds, of those accepted, timed out or abandoned
abandoned      closed while nobody had it and before anybody had accepted it
disposition    the label chosen as it closed (`settings.dispositions`), None where none was. Only
               what `closed` counts can be told apart by it: of a phase that goes on it says None
"""

from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import Column, and_, bindparam, case, func, literal_column, or_, select
from sqlalchemy.sql import ColumnElement

from webapp.analytics.epoch import epoch
from webapp.analytics.models import InteractionPhase, Outcome, Phase
from webapp.extensions import db
from webapp.inbox.models import (
    MARKS,
    CloseReason,
    Direction,
    Interaction,
    Message,
    MessageStatus,
)
from webapp.providers.base import Source as Origin
from webapp.queues.models import Offer, OfferState, Queue

PHASES, OFFERS, MESSAGES = InteractionPhase.__table__, Offer.__table__, Message.__table__
QUEUES, INTERACTIONS = Queue.__table__, Interaction.__table__


@dataclass(frozen=True, eq=False)
class Facts:
    """Rows of one table that happened in a period, by the moment that says when."""

    table: object
    moment: Column
    given: ColumnElement | None  # of which rows
    counts: dict  # name: condition, of which each row is one
    sums: dict  # name: (seconds, condition)
    keys: dict  # by what they may be told apart: account, queue, agent …
    parts: dict = field(
        default_factory=dict
    )  # of counts, to look behind: what is the difference of two is not counted


_waited = epoch(PHASES.c.to_at) - epoch(PHASES.c.from_at)
_handled = epoch(PHASES.c.to_at) - epoch(PHASES.c.accepted_at)
_accepted = and_(PHASES.c.phase == Phase.WAITING, PHASES.c.outcome == Outcome.ACCEPTED)
_timed_out = and_(PHASES.c.phase == Phase.WAITING, PHASES.c.outcome == Outcome.TIMED_OUT)
_closed = PHASES.c.outcome == Outcome.CLOSED
_abandoned = and_(
    _closed,
    PHASES.c.phase.in_((Phase.WAITING, Phase.UNMANAGED)),
    PHASES.c.accepted_at.is_(None),
    # It goes on in the conversation it was merged into.
    or_(PHASES.c.close_reason.is_(None), PHASES.c.close_reason != CloseReason.MERGED),
)
_is_handled = and_(_closed, PHASES.c.accepted_at.is_not(None))
_place = {
    "account": PHASES.c.account_id,
    "queue": PHASES.c.queue_id,
    "agent": PHASES.c.owner_id,
    "interaction": PHASES.c.interaction_id,
}

BEGUN = Facts(
    PHASES,
    PHASES.c.from_at,
    None,
    {
        "begun": PHASES.c.opens,
        "held": PHASES.c.phase == Phase.ASSIGNED,
        "waiting_begun": PHASES.c.phase == Phase.WAITING,
    },
    {},
    _place,
)
ENDED = Facts(
    PHASES.outerjoin(QUEUES, QUEUES.c.id == PHASES.c.queue_id),
    PHASES.c.to_at,
    None,
    {
        "accepted": _accepted,
        "accepted_in_time": and_(_accepted, _waited <= QUEUES.c.service_seconds),
        "timed_out": _timed_out,
        "abandoned": _abandoned,
        "abandoned_waiting": and_(_abandoned, PHASES.c.phase == Phase.WAITING),
        "closed": _closed,
        "expired": and_(_closed, PHASES.c.close_reason == CloseReason.TIMEOUT),
        "handled": _is_handled,
        "handed_over": and_(PHASES.c.phase == Phase.ASSIGNED, PHASES.c.outcome == Outcome.MOVED),
        "waiting_ended": PHASES.c.phase == Phase.WAITING,
    },
    {"wait_seconds": (_waited, _accepted), "handle_seconds": (_handled, _is_handled)},
    {**_place, "disposition": PHASES.c.disposition_id},
    {
        "accepted_late": and_(_accepted, _waited > QUEUES.c.service_seconds),
        "closed_without": and_(_closed, PHASES.c.disposition_id.is_(None)),
    },
)
REPLIED = Facts(
    PHASES.outerjoin(QUEUES, QUEUES.c.id == PHASES.c.queue_id),
    PHASES.c.first_reply_at,
    None,
    {
        "replied": PHASES.c.first_reply_at.is_not(None),
        "replied_in_time": PHASES.c.first_reply_seconds <= QUEUES.c.reply_target,
    },
    {"reply_seconds": (PHASES.c.first_reply_seconds, PHASES.c.first_reply_at.is_not(None))},
    _place,
)
OFFERED = Facts(
    OFFERS.outerjoin(INTERACTIONS, INTERACTIONS.c.id == OFFERS.c.interaction_id),
    OFFERS.c.ended_at,
    OFFERS.c.ended_at.is_not(None),
    {
        "offers_accepted": OFFERS.c.state == OfferState.ACCEPTED,
        "passed": OFFERS.c.state == OfferState.PASSED,
        "missed": OFFERS.c.state == OfferState.LAPSED,
    },
    {},
    {
        "account": INTERACTIONS.c.account_id,
        "queue": OFFERS.c.queue_id,
        "agent": OFFERS.c.user_id,
        "interaction": OFFERS.c.interaction_id,
    },
)
_out = MESSAGES.c.direction == Direction.OUT
_reached = (MessageStatus.DELIVERED, MessageStatus.READ)
WRITTEN = Facts(
    MESSAGES.outerjoin(INTERACTIONS, INTERACTIONS.c.id == MESSAGES.c.interaction_id),
    MESSAGES.c.received_at,
    and_(MESSAGES.c.source == Origin.LIVE, MESSAGES.c.kind.not_in(MARKS)),
    {
        "received": MESSAGES.c.direction == Direction.IN,
        "sent": and_(_out, MESSAGES.c.status.in_((MessageStatus.SENT, *_reached))),
        "delivered": and_(_out, MESSAGES.c.status.in_(_reached)),
        "read": and_(_out, MESSAGES.c.status == MessageStatus.READ),
        "failed": and_(_out, MESSAGES.c.status == MessageStatus.FAILED),
        "unknown": and_(_out, MESSAGES.c.status == MessageStatus.UNKNOWN),
    },
    {},
    {
        "account": MESSAGES.c.account_id,
        "queue": INTERACTIONS.c.queue_id,
        "agent": MESSAGES.c.author_id,
        "campaign": MESSAGES.c.campaign_id,
        "template": MESSAGES.c.template_id,
        "interaction": MESSAGES.c.interaction_id,
    },
)
SPREADS = {
    "wait": (ENDED, _waited, _accepted),
    "handle": (ENDED, _handled, _is_handled),
    "reply": (REPLIED, PHASES.c.first_reply_seconds, PHASES.c.first_reply_at.is_not(None)),
}


def count(facts, start, end, by=(), where=(), step=None, names=None, also=None):
    """{key: {name: number}} of what happened from `start` until before `end`.

    A key has the values of `by` in their order and, with `step`, at its end the second since 1970
    that begins its slice of so many seconds. `where`: {name of a key: ids}. `names`: those alone
    that are asked for; each costs time on millions of rows. `also`: (start, end) of another period
    that is counted in the same reading.
    """
    wanted = None if names is None else frozenset(names)
    statement, told = _built(_counting, where, facts, tuple(by), step, also is not None, wanted)
    found = {}
    for *key, numbers in _told(statement, (start, end), also, len(told)):
        numbers = dict(zip(told, map(int, numbers), strict=True))
        if any(numbers.values()):
            found[tuple(key)] = numbers
    return found


def spread(name, start, end, by=(), where=(), step=None, also=None):
    """{key: {seconds: how often}} of a duration ("wait", "handle", "reply"), as `count` has it."""
    statement, _ = _built(_spreading, where, name, tuple(by), step, also is not None)
    found = {}
    for *key, (took, times) in _told(statement, (start, end), also, 2):
        found.setdefault(tuple(key), {})[int(took)] = times
    return found


def _counting(facts, by, step, twice, names, where=()):
    counts = {name: facts.counts[name] for name in facts.counts if names is None or name in names}
    sums = {name: facts.sums[name] for name in facts.sums if names is None or name in names}
    keys = _keys(facts, by, step)
    told = [condition.label(name) for name, condition in counts.items()]
    told += [case((condition, seconds)).label(name) for name, (seconds, condition) in sums.items()]
    rows = _rows(_of(facts, *PERIOD, where, *keys, *told, also=ALSO if twice else None))
    values = [func.count().filter(rows.c[name]) for name in counts]
    values += [func.coalesce(func.sum(rows.c[name]), 0) for name in sums]
    return _grouped(rows, keys, *values), (*counts, *sums)


def _spreading(name, by, step, twice, where=()):
    facts, seconds, condition = SPREADS[name]
    keys = [*_keys(facts, by, step), seconds.label("took")]
    wanted = _of(facts, *PERIOD, where, *keys, also=ALSO if twice else None)
    return _grouped(_rows(wanted.where(condition)), keys, func.count()), ("took", "times")


PERIOD = bindparam("period_start"), bindparam("period_end")
ALSO = bindparam("also_start"), bindparam("also_end")


def _built(build, where, *of):
    """Building a statement takes as long as executing it for a minute: the board's are kept."""
    return build(*of, where) if where else _kept(build, *of)


@cache
def _kept(build, *of):
    return build(*of)


def _told(statement, period, also, values):
    """[*key, values of the row]"""
    binds = (*PERIOD, *ALSO) if also else PERIOD
    moments = zip(binds, (*period, *(also or ())), strict=True)
    given = {bind.key: moment for bind, moment in moments}
    for row in db.session.execute(statement, given):
        yield *row[:-values], row[-values:]


def _rows(wanted):
    """OFFSET 0: PostgreSQL would take a computed key for as many groups as there are moments, and
    count without its parallel workers; so it knows nothing of the key, and expects few. Only as a
    literal in quotes it is known for none: as a number it is still to be converted."""
    return wanted.offset(literal_column("'0'")).subquery()


def _grouped(rows, keys, *values):
    own = [rows.c[key.name] for key in keys]
    return select(*own, *values).group_by(*own)


def _keys(facts, by, step):
    keys = [facts.keys[name].label(f"of_{name}") for name in by]
    return [*keys, _slice(facts.moment, step).label("second")] if step else keys


def _slice(moment, step):
    return epoch(moment) // step * step


def _of(facts, start, end, where, *columns, also=None):
    periods = [(start, end), also] if also is not None else [(start, end)]
    found = select(*columns).select_from(facts.table)
    found = found.where(or_(*(_within(facts, *period) for period in periods)))
    if facts.given is not None:
        found = found.where(facts.given)
    for name, ids in dict(where).items():
        found = found.where(facts.keys[name].in_(ids))
    return found


def _within(facts, start, end):
    return and_(facts.moment >= start, facts.moment < end)


def rows_behind(facts, name, start, end, where=()):
    """The SELECT of the ids of the interactions that one figure counts, for who looks behind it."""
    condition = facts.parts[name] if name in facts.parts else facts.counts[name]
    return _of(facts, start, end, where, facts.keys["interaction"]).where(condition)


def last_done(start, end):
    """{person: second} of the last time they wrote, or answered an offer, in the period."""
    found = {}
    for person, (second,) in _told(_LAST_DONE, (start, end), None, 1):
        found[person] = max(second, found.get(person, 0))
    return found


def _last_of(person, moment, given):
    start, end = PERIOD
    latest = select(person, func.max(epoch(moment)))
    return latest.where(moment >= start, moment < end, given).group_by(person)


_ANSWERED = OFFERS.c.state.in_((OfferState.ACCEPTED, OfferState.PASSED))
_LAST_DONE = _last_of(
    MESSAGES.c.author_id, MESSAGES.c.received_at, MESSAGES.c.author_id.is_not(None)
).union_all(_last_of(OFFERS.c.user_id, OFFERS.c.ended_at, _ANSWERED))


def held_by(user_id):
    """The SELECT of the ids of the interactions this person has ever held."""
    return select(PHASES.c.interaction_id).where(
        PHASES.c.owner_id == user_id, PHASES.c.phase == Phase.ASSIGNED
    )


def rows_of(facts, column, start, end, where=()):
    """The SELECT of this column of all rows the facts are about."""
    return _of(facts, start, end, where, column)


def add(*sums):
    """The sums of several keys as one."""
    total = {}
    for numbers in sums:
        for name, number in numbers.items():
            total[name] = total.get(name, 0) + number
    return total


def percent(part, whole):
    """0 to 100; None where there is nothing to be a part of."""
    return 100 * part / whole if whole else None


def service_level(sums):
    """Percent of those who waited in a queue; None where nobody's waiting came to an end."""
    return percent(sums.get("accepted_in_time", 0), waiting_ended(sums))


def waiting_ended(sums):
    names = ("accepted", "timed_out", "abandoned_waiting")
    return sum(sums.get(name, 0) for name in names)


def abandonment(sums):
    """Percent abandoned of those whose waiting came to an end."""
    return percent(sums.get("abandoned_waiting", 0), waiting_ended(sums))


def reply_level(sums):
    """Percent of first replies within the queue's target."""
    return percent(sums.get("replied_in_time", 0), sums.get("replied", 0))


def failure_rate(sums):
    """Percent of messages that failed, of those that failed or were sent."""
    failed = sums.get("failed", 0)
    return percent(failed, failed + sums.get("sent", 0))


def average(sums, name):
    """Of "wait", "handle" or "reply": seconds; None where there is none."""
    counted = {"wait": "accepted", "handle": "handled", "reply": "replied"}[name]
    times = sums.get(counted, 0)
    return sums.get(f"{name}_seconds", 0) / times if times else None


def median(times):
    """Of {seconds: how often}; the mean of the middle two, None where there is none."""
    return quantile(times, 0.5)


def quantile(times, share):
    """The value below which this share lies; between two, the mean of both."""
    values, place, seen = sorted(times), share * sum(times.values()), 0
    for at, seconds in enumerate(values):
        seen += times[seconds]
        if seen > place:
            return seconds
        if seen == place and seconds != values[-1]:
            return (seconds + values[at + 1]) / 2
    return values[-1] if values else None
