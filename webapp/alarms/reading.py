"""The figures of this moment that rules may watch: of everything, each queue, each account.

They are the board's own, taken from the same snapshot: an alarm and the board never disagree, and
a day of messages is counted minute by minute, not anew with each look.
"""

from typing import NamedTuple

import orjson

from webapp.alarms.figures import FIGURES
from webapp.alarms.models import Scope
from webapp.analytics import figures
from webapp.analytics.board import View
from webapp.analytics.choosing import Choice
from webapp.apart import apart

EVERYTHING = ""
MEASURES = {
    "waiting": lambda view: view.standing("waiting"),
    "longest_wait": lambda view: view.longest,
    "service_level": lambda view: figures.service_level(view.sums()),
    "available": lambda view: view.free,
    "open": lambda view: view.standing("open"),
    "unmanaged": lambda view: view.standing("unmanaged"),
    "slow": lambda view: view.standing("slow"),
    "reply": lambda view: figures.median(view.replies()),
    "wait": lambda view: figures.average(view.sums(), "wait"),
    "handle": lambda view: figures.average(view.sums(), "handle"),
    "abandonment": lambda view: figures.abandonment(view.sums()),
    "left": lambda view: view.left(),
    "paused": lambda view: sum(one.group == "paused" for one in view.agents),
    "failed": lambda view: view.sums().get("failed", 0),
    "failure_rate": lambda view: figures.failure_rate(view.messages()),
}


class Reading(NamedTuple):
    """`subject` is "", "queue:5" or "account:2"; the target is the queue's own."""

    subject: str
    name: str
    value: float | None
    target: float | None = None


class Place(NamedTuple):
    """Whose figures these are, and the row that has targets of its own."""

    scope: Scope
    subject: str
    name: str
    row: dict
    view: View


def readings(board, now):
    """figure → its readings, their value None where there is nothing to count from; without the
    figures that cannot be read."""
    places = _places(orjson.loads(board.packed(now)))
    found = {}
    for figure in FIGURES.values():
        with apart("reading the figure %s", figure.name):
            of_it = [place for place in places if place.scope in figure.scopes]
            found[figure.name] = [_read(figure, place) for place in of_it]
    return found


def _places(snapshot):
    today = Choice(period="today")
    places = [Place(Scope.ALL, EVERYTHING, "", {}, View(snapshot, today))]
    for scope, rows in ((Scope.QUEUE, snapshot["queues"]), (Scope.ACCOUNT, snapshot["accounts"])):
        for row in rows:
            view = View(snapshot, today._replace(**{scope: row["id"]}))
            places.append(Place(scope, f"{scope}:{row['id']}", row["name"], row, view))
    return places


def _read(figure, place):
    value = MEASURES[figure.name](place.view)
    return Reading(place.subject, place.name, value, place.row.get(figure.target))
