"""Reading once for all who ask at the same time, and never something older than the asking."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.analytics.together import Together


class Slow:
    """Counts its readings; each waits until it is let go."""

    def __init__(self):
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.count = 0

    def __call__(self):
        self.count += 1
        number = self.count
        self.begun.release()
        assert self.go.acquire(timeout=5)
        return number


def test_all_who_ask_while_one_reading_is_under_way_share_the_next():
    slow = Slow()
    shared = Together(slow)
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(shared)
        assert slow.begun.acquire(timeout=5)
        others = [threads.submit(shared) for _ in range(5)]
        time.sleep(0.1)
        slow.go.release(6)
        assert first.result(5) == 1
        assert min(one.result(5) for one in others) > 1  # not what was read before they asked
    assert slow.count < 5


def test_who_asks_alone_reads_each_time():
    numbers = iter(range(3))
    shared = Together(lambda: next(numbers))
    assert [shared(), shared(), shared()] == [0, 1, 2]


def test_an_error_is_everybodys_and_the_next_one_reads_again():
    answers = iter([RuntimeError("away"), "there"])

    def read():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    shared = Together(read)
    with pytest.raises(RuntimeError):
        shared()
    assert shared() == "there"
