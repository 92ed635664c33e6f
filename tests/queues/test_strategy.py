from datetime import timedelta

from webapp.columns import utcnow
from webapp.queues import strategy
from webapp.queues.models import Queue, QueueMember, Strategy


def queue_of(chosen, count=4, last=None):
    queue = Queue(name="Q", strategy=chosen, last_offered_id=last)
    queue.members = [QueueMember(user_id=n + 1, position=n) for n in range(count)]
    return queue


def chosen(queue, *user_ids):
    free = [member for member in queue.members if member.user_id in user_ids]
    return [member.user_id for member in strategy.choose(queue, free)]


def test_beep_all_rings_everybody_who_is_free():
    assert chosen(queue_of(Strategy.BEEP_ALL), 1, 3, 4) == [1, 3, 4]


def test_round_robin_begins_with_the_first():
    assert chosen(queue_of(Strategy.RR_MEMORY), 1, 2, 3, 4) == [1]


def test_round_robin_goes_on_behind_the_last_and_wraps():
    assert chosen(queue_of(Strategy.RR_MEMORY, last=2), 1, 2, 3, 4) == [3]
    assert chosen(queue_of(Strategy.RR_MEMORY, last=4), 1, 2, 3, 4) == [1]


def test_round_robin_passes_over_the_busy_and_keeps_their_place():
    assert chosen(queue_of(Strategy.RR_MEMORY, last=1), 1, 4) == [4]


def test_round_robin_starts_again_when_the_one_it_remembers_left():
    assert chosen(queue_of(Strategy.RR_MEMORY, last=99), 2, 3) == [2]


def test_least_recent_rings_who_was_rung_longest_ago_and_first_who_never_was():
    queue = queue_of(Strategy.LEAST_RECENT)
    now = utcnow()
    for member, minutes in zip(queue.members, (5, 9, 1, 3), strict=True):
        member.last_offered_at = now - timedelta(minutes=minutes)
    assert chosen(queue, 1, 2, 3, 4) == [2]
    queue.members[2].last_offered_at = None
    assert chosen(queue, 1, 2, 3, 4) == [3]


def test_nobody_free_means_nobody_rings():
    assert chosen(queue_of(Strategy.BEEP_ALL)) == []
