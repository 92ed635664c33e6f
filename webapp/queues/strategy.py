"""Whom a queue rings next, of those who could take the conversation now."""

from datetime import UTC, datetime

from webapp.queues.models import Strategy

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def choose(queue, free):
    """Of the free members, given in the queue's order, those to ring together now."""
    return CHOICES[queue.strategy](queue, free) if free else []


def _beep_all(queue, free):
    return free


def _rr_memory(queue, free):
    """The one after whoever was offered last; everybody keeps their place in the circle."""
    order = [member.user_id for member in queue.members]
    last = order.index(queue.last_offered_id) + 1 if queue.last_offered_id in order else 0
    circle = order[last:] + order[:last]
    return [min(free, key=lambda member: circle.index(member.user_id))]


def _least_recent(queue, free):
    return [min(free, key=lambda member: member.last_offered_at or LONG_AGO)]


CHOICES = {
    Strategy.BEEP_ALL: _beep_all,
    Strategy.RR_MEMORY: _rr_memory,
    Strategy.LEAST_RECENT: _least_recent,
}
