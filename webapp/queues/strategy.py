"""Whom a queue rings next, of those who could take the conversation now."""

from datetime import UTC, datetime

from webapp.queues.models import Strategy

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def choose(queue, free):
    """Of the free members, given in the queue's order, those to ring together now."""
    line = in_line(queue, free)
    return line if queue.strategy == Strategy.BEEP_ALL else line[:1]


def in_line(queue, free):
    """The free members, whoever is rung first in front."""
    return LINES[queue.strategy](queue, free)


def _everybody(queue, free):
    return free


def _round_the_circle(queue, free):
    """Behind whoever was offered last; everybody keeps their place in the circle."""
    order = [member.user_id for member in queue.members]
    last = order.index(queue.last_offered_id) + 1 if queue.last_offered_id in order else 0
    circle = order[last:] + order[:last]
    return sorted(free, key=lambda member: circle.index(member.user_id))


def _longest_ago_first(queue, free):
    return sorted(free, key=lambda member: member.last_offered_at or LONG_AGO)


LINES = {
    Strategy.BEEP_ALL: _everybody,
    Strategy.RR_MEMORY: _round_the_circle,
    Strategy.LEAST_RECENT: _longest_ago_first,
}
