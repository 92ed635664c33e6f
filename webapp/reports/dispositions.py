"""The reports of outcomes: how conversations ended, by level, queue, agent and account."""

from functools import partial

from webapp.analytics import figures
from webapp.reports import counting, names
from webapp.reports.spec import Column, Kind, Report
from webapp.settings import dispositions

WITHOUT = "Without outcome"
BETWEEN = " › "


def rows(choice, _now):
    """A row for each label that conversations ended with, each level from the most frequent on,
    and one for those that ended with none."""
    times = _counted(choice)
    total = sum(times.values())
    made = []
    for label, many, above in _by_level(dispositions.tree(archived=True), times, total):
        levels = (*label.path, "", "")[: dispositions.LEVELS]
        made.append(_row(levels, many, total, above) | {"id": label.id})
    if times.get(None):
        made.append(_row((WITHOUT, "", ""), times[None], total, total) | {"id": None})
    return made


def most_frequent(choice):
    """(how many closed, how many of these without an outcome, [(label, times, [(label below,
    times)])]) for the first page."""
    times = _counted(choice)
    first = _ranked(dispositions.tree(archived=True), times)
    parts = [(label, many, _ranked(label.below, times)) for label, many in first]
    return sum(times.values()), times.get(None, 0), parts


def rows_by(kind, choice, _now):
    """A row for each queue, agent or account, and outcome; the most frequent first in each."""
    found = {
        key: sums["closed"]
        for key, sums in counting.count(
            figures.ENDED, choice, (kind, "disposition"), names=("closed",)
        ).items()
    }
    called = names.of(kind, {id for id, _ in found})
    totals = {}
    for (id, _), times in found.items():
        totals[id] = totals.get(id, 0) + times
    labels = dispositions.every(dispositions.tree(archived=True))
    made = [
        {
            "id": disposition,
            kind: called[id],
            "of": {kind: id},
            "outcome": BETWEEN.join(labels[disposition].path) if disposition else WITHOUT,
            "closed": times,
            "share": figures.percent(times, totals[id]),
        }
        for (id, disposition), times in found.items()
    ]
    return sorted(made, key=lambda row: (row[kind], -row["closed"], row["outcome"]))


def behind(which, choice):
    """The SELECT of the ids of the conversations that closed with a label, or one below it, or
    with none where `which` is None."""
    where = counting.where(figures.ENDED, choice)
    if which is None:
        return figures.rows_behind(figures.ENDED, "closed_without", *choice.span, where)
    where["disposition"] = dispositions.with_below(which)
    return figures.rows_behind(figures.ENDED, "closed", *choice.span, where)


def _counted(choice):
    """{id of a label, or None: how many closed with it}"""
    found = counting.count(figures.ENDED, choice, ("disposition",), names=("closed",))
    return {id: sums["closed"] for (id,), sums in found.items()}


def _by_level(labels, times, above):
    """(label, how many ended with it or below it, how many with the level above)"""
    for label, many in _ranked(labels, times):
        yield label, many, above
        yield from _by_level(label.below, times, many)


def _ranked(labels, times):
    counted = [(label, sum(times.get(one.id, 0) for one in label.walk())) for label in labels]
    used = [(label, many) for label, many in counted if many]
    return sorted(used, key=lambda one: (-one[1], one[0].path))


def _row(levels, closed, total, above):
    return {
        "first": levels[0],
        "second": levels[1],
        "third": levels[2],
        "closed": closed,
        "share": figures.percent(closed, total),
        "share_above": figures.percent(closed, above),
    }


NOTHING = "No conversation was closed in this period."
REPORT = Report(
    "dispositions",
    "Outcomes",
    "How conversations ended, as people chose it when they wrapped up.",
    (
        Column("first", "Outcome", Kind.TEXT),
        Column("second", "Second level", Kind.TEXT),
        Column("third", "Third level", Kind.TEXT),
        Column("closed", "Closed"),
        Column("share", "Of all", Kind.PERCENT),
        Column("share_above", "Of the level above", Kind.PERCENT),
    ),
    rows,
    NOTHING,
)
PARTED = tuple(
    Report(
        f"dispositions-by-{kind}",
        f"Outcomes by {kind}",
        f"What conversations of each {kind} ended with, the most frequent first.",
        (
            Column(kind, kind.capitalize(), Kind.TEXT),
            Column("outcome", "Outcome", Kind.TEXT),
            Column("closed", "Closed"),
            Column("share", f"Of the {kind}’s", Kind.PERCENT),
        ),
        partial(rows_by, kind),
        NOTHING,
        under=REPORT.name,
    )
    for kind in ("queue", "agent", "account")
)
