"""The tiles at the head of the board: a figure beside its target, and how it went over the hour."""

from dataclasses import dataclass, field

from webapp.analytics import figures, tones

MOST_FAILED = 5  # percent of sends from which something is wrong


@dataclass
class Tile:
    key: str
    label: str
    value: float | None
    kind: str = "count"  # count, seconds, percent
    note: str = ""
    tone: str = "ok"
    spark: list = field(default_factory=list)


def of(view):
    make = (_waiting, _longest, _level, _reply, _open, _failed)
    return [one(view) for one in make]


def strip(view):
    """The line below the tiles: what has no limit of its own, and so no colour."""
    sums, today = view.sums(), view.received_and_sent
    there = f"of {len(view.there)} signed in"
    return [
        Tile("unmanaged", "Nobody serves", view.standing("unmanaged")),
        Tile("free", "Agents available", view.free, note=there),
        Tile("wait", "Wait, average", figures.average(sums, "wait"), "seconds"),
        Tile("handle", "Handling, average", figures.average(sums, "handle"), "seconds"),
        Tile("received", "Received today", today.get("received", 0)),
        Tile("sent", "Sent today", today.get("sent", 0)),
    ]


def for_a_tv(view):
    """Five, to be read from six metres: without people, without history."""
    return [_waiting(view), _longest(view), _level(view), _free(view), _answered(view)]


def of_agent(sums):
    """What one person did today, and how long it took on average."""
    counted = (
        ("offers_accepted", "Accepted"),
        ("passed", "Passed on"),
        ("missed", "Missed"),
        ("closed", "Closed"),
    )
    times = (("replied", "reply", "First reply"), ("handled", "handle", "Handled"))
    return [Tile(key, label, sums.get(key, 0), note="today") for key, label in counted] + [
        Tile(key, label, figures.average(sums, name), "seconds", "today, on average")
        for key, name, label in times
    ]


def _waiting(view):
    waiting = view.standing("waiting")
    limit = sum(queue["most_waiting"] for queue in view.queues_chosen)
    note = f"limit {limit}" if limit else ""
    spark = view.waiting_over_the_hour()
    return Tile("waiting", "Waiting now", waiting, "count", note, tones.over(waiting, limit), spark)


def _longest(view):
    """Beside the limit of the queue in which somebody waits longest."""
    limits = {queue["id"]: queue["longest_wait"] for queue in view.queues_chosen}
    row = max(view.queues, key=lambda one: one.longest, default=None)
    limit = limits[row.id] if row and row.longest else min(limits.values(), default=0)
    longest = row.longest if row and row.waiting else None
    note = f"limit {_short(limit)}" if limit else ""
    return Tile("longest", "Longest wait", longest, "seconds", note, tones.over(longest, limit))


def _level(view):
    level = figures.service_level(view.sums())
    targets = [queue["service_percent"] for queue in view.queues_chosen]
    target = round(sum(targets) / len(targets)) if targets else 0
    note = f"target {target}%" if target else ""
    spark = view.ratio_over_the_hour(figures.service_level)
    label = "Service level today" if view.choice.period == "today" else "Service level"
    tone = tones.below(level, target)
    return Tile("level", label, level, "percent", note, tone, spark)


def _reply(view):
    target = min((queue["reply_target"] for queue in view.queues_chosen), default=0)
    value = figures.median(view.replies())
    note = f"target {_short(target)}" if target else ""
    spark = view.ratio_over_the_hour(lambda sums: figures.average(sums, "reply"))
    tone = tones.over(value, target)
    return Tile("reply", "First reply, median", value, "seconds", note, tone, spark)


def _open(view):
    capacities = [agent.capacity for agent in view.there]
    note = f"of {sum(capacities)} places" if all(capacities) and capacities else ""
    count = view.standing("open")
    spark = view.over_the_hour(count, "begun", "closed")
    return Tile("open", "Open conversations", count, "count", note, "ok", spark)


def _failed(view):
    sums = view.messages()
    failed, rate = sums.get("failed", 0), figures.failure_rate(sums)
    note = f"{failed:,} of {failed + sums.get('sent', 0):,}"
    tone = "bad" if rate and rate > MOST_FAILED else "ok"
    spark = view.failures_over_the_hour()
    return Tile("failed", "Failed sends, 1 h", rate, "percent", note, tone, spark)


def _free(view):
    tone = "bad" if not view.free and view.standing("waiting") else "ok"
    return Tile("free", "Free agents", view.free, "count", f"of {len(view.there)} signed in", tone)


def _answered(view):
    left = view.left()
    answered = view.sums().get("accepted", 0)
    note = f"{left:,} left unanswered"
    label = "Answered today" if view.choice.period == "today" else "Answered, 30 min"
    return Tile("answered", label, answered, "count", note)


def _short(seconds):
    minutes, seconds = divmod(seconds, 60)
    if not minutes:
        return f"{seconds} s"
    return f"{minutes} m {seconds:02d} s" if seconds else f"{minutes} m"
