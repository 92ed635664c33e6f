"""The reports of agents: what each did, and how long each was there."""

from dataclasses import replace

from sqlalchemy import select

from webapp.analytics import attendance, figures, summed
from webapp.extensions import db
from webapp.queues.models import QueueMember
from webapp.reports import counting, names
from webapp.reports.spec import Column, Kind, Report
from webapp.staff.models import Presence, User

WORK = ("held", "accepted", "passed", "missed", "closed")
# Of who serves none of a leader's queues any more: when they were there is for others to see.
NOT_THEIRS = dict.fromkeys(("signed_in", "paused", "occupancy", "at_once"))
STATES = {
    Presence.AVAILABLE: "Available",
    Presence.PAUSED: "Paused",
    Presence.OFFLINE: "Signed out",
}


def rows(choice, now):
    """A row for everybody who had a conversation or an offer, or who was there."""
    people, parts = _people(choice), counted(choice)
    there = attendance.stretches(people, *choice.span, now)
    busy = summed.busy(people, *choice.span, now)
    made = []
    for row in _work(_all(people, choice, parts), parts):
        known = row["id"] in there
        row |= _presence(there[row["id"]], busy[row["id"]]) if known else NOT_THEIRS
        if any(row[name] for name in (*WORK, "signed_in")):
            made.append(row)
    return made


def counted(choice):
    """What each of them did, counted by agent."""
    by = ("agent",)
    return {
        "begun": counting.count(figures.BEGUN, choice, by, names=("held",)),
        "ended": counting.count(figures.ENDED, choice, by, names=("closed",)),
        "offered": counting.count(figures.OFFERED, choice, by),
        "replies": counting.spread("reply", choice, by),
        "handles": counting.spread("handle", choice, by),
    }


def made_of(choice, parts):
    """The rows without how long they were there, from what was counted."""
    people = _all(_people(choice), choice, parts)
    return [row for row in _work(people, parts) if any(row[name] for name in WORK)]


def _people(choice):
    """Of who leads some queues alone, those who serve one of them."""
    wanted = select(User.id).order_by(User.id)
    if choice.agent is not None:
        wanted = wanted.where(User.id == choice.agent)
    if choice.led is not None:
        serve = select(QueueMember.user_id).where(QueueMember.queue_id.in_(choice.led))
        wanted = wanted.where(User.id.in_(serve))
    return db.session.scalars(wanted).all()


def _all(people, choice, parts):
    """With whoever did something in these queues before they left them."""
    if choice.led is None:
        return people
    did = {id for found in parts.values() for (id,) in found if choice.agent in (None, id)}
    return sorted({*people, *did} - {None})


def _work(people, parts):
    """What each of them did, who had most conversations first."""
    made = []
    for user_id, name in names.of("agent", people).items():
        own = {kind: found.get((user_id,), {}) for kind, found in parts.items()}
        made.append(
            {
                "id": user_id,
                "agent": name,
                "held": own["begun"].get("held", 0),
                "accepted": own["offered"].get("offers_accepted", 0),
                "passed": own["offered"].get("passed", 0),
                "missed": own["offered"].get("missed", 0),
                "closed": own["ended"].get("closed", 0),
                "reply": figures.median(own["replies"]),
                "handle": figures.median(own["handles"]),
            }
        )
    return sorted(made, key=lambda row: (-row["held"], row["agent"]))


def _presence(there, busy):
    available, holding, places = busy
    states = attendance.in_states(there)
    paused = sum(took for (state, _), took in states.items() if state == Presence.PAUSED)
    return {
        "signed_in": available + paused,
        "paused": paused,
        "occupancy": attendance.occupancy(available, holding),
        "at_once": attendance.at_once(available, places),
    }


def state_rows(choice, now):
    """A row for each person, state and reason."""
    people = _people(choice)
    there = attendance.stretches(people, *choice.span, now)
    made = []
    for user_id, name in names.of("agent", people).items():
        parts = there[user_id]
        counted = len(parts) and attendance.in_states(parts)
        for (state, reason), took in (counted or {}).items():
            made.append(
                {
                    "id": user_id,
                    "agent": name,
                    "state": STATES.get(state, state),
                    "reason": reason or "",
                    "times": sum((part.state, part.reason) == (state, reason) for part in parts),
                    "seconds": took,
                    "share": figures.percent(took, sum(counted.values())),
                }
            )
    return sorted(made, key=lambda row: (row["agent"], -row["seconds"], row["reason"]))


REPORT = Report(
    "agents",
    "Agents",
    "Busy: of the time available, with at least one conversation. At once: how many on average.",
    (
        Column("agent", "Agent", Kind.TEXT),
        Column("held", "Conversations"),
        Column("accepted", "Accepted"),
        Column("passed", "Passed"),
        Column("missed", "Missed"),
        Column("closed", "Closed"),
        Column("reply", "First reply, median", Kind.SECONDS),
        Column("handle", "Handled, median", Kind.SECONDS),
        Column("signed_in", "Signed in", Kind.SECONDS),
        Column("paused", "Paused", Kind.SECONDS),
        Column("occupancy", "Busy", Kind.PERCENT),
        Column("at_once", "At once", Kind.DECIMAL),
    ),
    rows,
)
FIRST_PAGE = ("agent", "held", "accepted", "passed", "missed", "closed", "reply", "handle")
SHORT = replace(
    REPORT,
    columns=tuple(column for column in REPORT.columns if column.name in FIRST_PAGE),
)
STATES_REPORT = Report(
    "states",
    "Breaks and sign-ins",
    "How long everybody was available, paused for a reason, or signed out.",
    (
        Column("agent", "Agent", Kind.TEXT),
        Column("state", "State", Kind.TEXT),
        Column("reason", "Reason", Kind.TEXT),
        Column("times", "Times"),
        Column("seconds", "How long", Kind.SECONDS),
        Column("share", "Share", Kind.PERCENT),
    ),
    state_rows,
    filters=("agent",),
)
