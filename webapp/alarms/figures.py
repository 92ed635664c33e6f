"""Which figures a rule may watch, what they are called, and how their values read."""

from dataclasses import dataclass

from webapp.alarms.models import Comparison, Scope

EVERYWHERE = (Scope.ALL, Scope.QUEUE, Scope.ACCOUNT)


@dataclass(frozen=True, slots=True)
class Figure:
    """`target` names the queue's own column that a rule without a bound compares with."""

    name: str
    words: str
    unit: str = ""  # "", "s" or "%"
    scopes: tuple = EVERYWHERE
    target: str | None = None
    usual: Comparison = Comparison.ABOVE


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("waiting", "Waiting customers", target="most_waiting"),
        Figure("longest_wait", "Longest wait", "s", target="longest_wait"),
        Figure(
            "service_level",
            "Service level today",
            "%",
            (Scope.ALL, Scope.QUEUE),
            "service_percent",
            Comparison.BELOW,
        ),
        Figure(
            "available",
            "Agents available",
            scopes=(Scope.ALL, Scope.QUEUE),
            usual=Comparison.BELOW,
        ),
        Figure("open", "Open conversations"),
        Figure("unmanaged", "Conversations nobody serves", scopes=(Scope.ALL, Scope.ACCOUNT)),
        Figure("slow", "Slow replies"),
        Figure("reply", "First reply today, median", "s", target="reply_target"),
        Figure("wait", "Wait today, average", "s"),
        Figure("handle", "Handling today, average", "s"),
        Figure("abandonment", "Abandoned today", "%", (Scope.ALL, Scope.QUEUE)),
        Figure("left", "Conversations left unanswered"),
        Figure("paused", "Agents on a break", scopes=(Scope.ALL, Scope.QUEUE)),
        Figure("failed", "Messages failed today", scopes=(Scope.ALL, Scope.ACCOUNT)),
        Figure("failure_rate", "Failed sends in the last hour", "%", (Scope.ALL, Scope.ACCOUNT)),
    )
}


def shown(figure, value):
    """ "8 m 02 s", "5 m", "61%", "9"."""
    if figure.unit == "s":
        minutes, seconds = divmod(round(value), 60)
        if not seconds and minutes:
            return f"{minutes} m"
        return f"{minutes} m {seconds:02} s" if minutes else f"{seconds} s"
    return f"{round(value, 1):g}{figure.unit}"
