"""Sending and loading share their processes: neither waits for the other for long."""

import time

from webapp import jobs

SECONDS = 3  # before a process that sends does something else that waits
ASKED_EVERY = 1


class Turn:
    """How long this process has been doing jobs of one name, one after the other."""

    def __init__(self, name):
        self._name = name
        self._since = self._ended_at = self._asked_at = float("-inf")
        self._is_over = False

    def __enter__(self):
        now = time.monotonic()
        if now - self._ended_at > 1:  # something else was done meanwhile
            self._since = now
        return self

    def __exit__(self, *_):
        self._ended_at = time.monotonic()

    def is_over(self):
        """Whether it is another job's turn."""
        now = time.monotonic()
        if now - self._since < SECONDS:
            return False
        if now - self._asked_at > ASKED_EVERY:
            self._asked_at, self._is_over = now, jobs.others_wait(self._name)
        return self._is_over
