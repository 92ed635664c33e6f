"""The report of transfers: out of whose hands conversations went into whose."""

from sqlalchemy import func, select

from webapp.analytics import figures
from webapp.analytics.models import InteractionPhase
from webapp.extensions import db
from webapp.reports import counting, names
from webapp.reports.spec import Column, Kind, Report

BEFORE = InteractionPhase.__table__
AFTER, LATER = BEFORE.alias("after"), BEFORE.alias("later")


def rows(choice, _now):
    """A row for each pair of hands, the most frequent first."""
    pairs = db.session.execute(_pairs(choice)).all()
    agents = names.of("agent", {id for giver, taker, *_ in pairs for id in (giver, taker)})
    queues = names.of("queue", {queue for _, _, queue, _ in pairs})
    made = [
        {"giver": agents[giver], "taker": agents[taker], "queue": queues[queue], "times": times}
        for giver, taker, queue, times in pairs
    ]
    return sorted(made, key=lambda row: (-row["times"], row["giver"], row["taker"], row["queue"]))


def _pairs(choice):
    """(who had it, who has it then, in which queue, how often)"""
    where = counting.where(figures.ENDED, choice)
    moved = figures.rows_of(figures.ENDED, BEFORE.c.id, *choice.span, where)
    hands = (BEFORE.c.owner_id, AFTER.c.owner_id, AFTER.c.queue_id)
    # The very next: several may have begun at the same moment.
    follows = (
        select(func.min(LATER.c.id))
        .where(
            LATER.c.interaction_id == BEFORE.c.interaction_id,
            LATER.c.from_at == BEFORE.c.to_at,
            LATER.c.id > BEFORE.c.id,
        )
        .correlate(BEFORE)
        .scalar_subquery()
    )
    return (
        select(*hands, func.count())
        .select_from(BEFORE.join(AFTER, AFTER.c.id == follows))
        .where(BEFORE.c.id.in_(moved.where(figures.ENDED.counts["handed_over"])))
        .group_by(*hands)
    )


REPORT = Report(
    "transfers",
    "Transfers",
    "Conversations that went from one person to somebody else, or back to a queue.",
    (
        Column("giver", "From", Kind.TEXT),
        Column("taker", "To", Kind.TEXT),
        Column("queue", "Queue", Kind.TEXT),
        Column("times", "Times"),
    ),
    rows,
    "No conversation changed hands in this period.",
)
