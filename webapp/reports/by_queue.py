"""The report of queues."""

from webapp.analytics import figures
from webapp.reports import counting, names
from webapp.reports.spec import Column, Kind, Report

ENDED = (
    *("waiting_ended", "accepted", "accepted_in_time", "timed_out", "abandoned_waiting"),
    "closed",
)


def rows(choice, _now):
    """A row for each queue in which somebody's waiting ended, or a conversation closed."""
    by = ("queue",)
    return made_of(
        counting.count(figures.ENDED, choice, by, names=ENDED),
        counting.spread("wait", choice, by),
        counting.spread("handle", choice, by),
    )


def made_of(ended, waits, handles):
    """The rows, from what was counted by queue."""
    found = names.of("queue", [queue_id for (queue_id,) in ended])
    made = [
        _row(found[queue_id], sums, waits.get((queue_id,), {}), handles.get((queue_id,), {}))
        | {"id": queue_id}
        for (queue_id,), sums in ended.items()
    ]
    return sorted(made, key=lambda row: (-row["waited"], row["queue"]))


def _row(name, sums, waits, handles):
    return {
        "queue": name,
        "waited": figures.waiting_ended(sums),
        "accepted": sums["accepted"],
        "timed_out": sums["timed_out"],
        "left": sums["abandoned_waiting"],
        "wait": figures.median(waits),
        "closed": sums["closed"],
        "handle": figures.median(handles),
        "service_level": figures.service_level(sums),
    }


REPORT = Report(
    "queues",
    "Queues",
    "Who waited, and what became of it. In time: accepted within the queue's seconds.",
    (
        Column("queue", "Queue", Kind.TEXT),
        Column("waited", "Waited"),
        Column("accepted", "Accepted"),
        Column("timed_out", "Timed out"),
        Column("left", "Abandoned"),
        Column("wait", "Wait, median", Kind.SECONDS),
        Column("closed", "Closed"),
        Column("handle", "Handled, median", Kind.SECONDS),
        Column("service_level", "In time", Kind.PERCENT),
    ),
    rows,
)
