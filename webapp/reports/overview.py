"""The first page of reports: the figures that matter, beside those of the period before."""

from typing import NamedTuple

from webapp.analytics import figures, periods
from webapp.reports import by_agent, by_day, by_queue, counting
from webapp.reports.spec import Kind

HOURS = range(24)
ENDED = (*by_queue.ENDED, "abandoned", "expired", "handled")
MESSAGES = ("received", "sent", "failed")
TILES = (
    ("begun", "Conversations", Kind.NUMBER, 0),
    ("service_level", "Answered in time", Kind.PERCENT, 1),
    ("reply", "First reply, median", Kind.SECONDS, -1),
    ("handle", "Handled, median", Kind.SECONDS, -1),
    ("abandonment", "Abandoned", Kind.PERCENT, -1),
    ("received", "Messages received", Kind.NUMBER, 0),
)


class Tile(NamedTuple):
    """`better` is 1 where more is better, -1 where less is, 0 where neither."""

    label: str
    kind: Kind
    value: float | None
    before: float | None
    better: int

    @property
    def change(self):
        """The difference: of numbers in percent of what was, of shares in points, of waits in
        seconds; None where one of the two is not known."""
        if self.value is None or self.before is None:
            return None
        if self.kind in (Kind.NUMBER, Kind.MONEY):
            return figures.percent(self.value - self.before, self.before)
        return self.value - self.before

    @property
    def is_better(self):
        """None where nothing has changed, or where it says nothing about good or bad."""
        if not self.change or not self.better:
            return None
        return (self.change > 0) == (self.better > 0)


class Overview:
    """All of the page from one pass over each kind of row: what is asked for twice is regrouped."""

    def __init__(self, choice):
        self._choice = choice
        self._ended = counting.count(figures.ENDED, choice, by=("queue", "agent"), names=ENDED)
        self._handles = counting.spread("handle", choice, by=("queue", "agent"))
        self._begun = counting.count(figures.BEGUN, choice, by=("agent",), names=("begun", "held"))
        self._replies = counting.spread("reply", choice, by=("agent",))
        self._written = counting.count(figures.WRITTEN, choice, step=periods.SLICE, names=MESSAGES)

    def tiles(self):
        now = _measured(self._begun, self._ended, self._written, self._replies, self._handles)
        before = self._before()
        return [
            Tile(label, kind, now[name], before[name], better)
            for name, label, kind, better in TILES
        ]

    def _before(self):
        choice = self._choice.before
        return _measured(
            counting.count(figures.BEGUN, choice, names=("begun",)),
            counting.count(figures.ENDED, choice, names=by_queue.ENDED),
            counting.count(figures.WRITTEN, choice, names=("received",)),
            counting.spread("reply", choice),
            counting.spread("handle", choice),
        )

    def queues(self):
        waits = counting.spread("wait", self._choice, by=("queue",))
        ended, handles = (counting.regroup(one, 0) for one in (self._ended, self._handles))
        return by_queue.made_of(ended, waits, handles)

    def agents(self):
        parts = {
            "begun": self._begun,
            "ended": counting.regroup(self._ended, 1),
            "offered": counting.count(figures.OFFERED, self._choice, by=("agent",)),
            "replies": self._replies,
            "handles": counting.regroup(self._handles, 1),
        }
        return by_agent.made_of(self._choice, parts)

    def hours(self):
        """(hour, received, sent, failed) an hour, on average of the period's days."""
        found = by_day.by_hour(self._written, self._choice.zone)
        days = (self._choice.last - self._choice.first).days + 1
        made = [
            (hour, *(found.get(hour, {}).get(name, 0) / days for name in MESSAGES))
            for hour in HOURS
        ]
        busy = [row[0] for row in made if any(row[1:])]
        return made[busy[0] : busy[-1] + 1] if busy else []

    def endings(self):
        """How many closed, and (how, number) of them."""
        sums = _all(self._ended)
        closed, handled = sums.get("closed", 0), sums.get("handled", 0)
        left = sums.get("abandoned", 0)
        return closed, [
            ("Handled by somebody", handled),
            ("Abandoned", left),
            ("Merged, or closed by routing", max(0, closed - handled - left)),
            ("Of all these, closed by time", sums.get("expired", 0)),
        ]


def _measured(begun, ended, written, replies, handles):
    ended = _all(ended)
    return {
        "begun": _all(begun).get("begun", 0),
        "received": _all(written).get("received", 0),
        "service_level": figures.service_level(ended),
        "abandonment": figures.abandonment(ended),
        "reply": figures.median(_all(replies)),
        "handle": figures.median(_all(handles)),
    }


def _all(found):
    return counting.regroup(found).get((), {})
