"""What carries a bulk sender's calls: started one by one, ended in any order."""

from queue import Empty, SimpleQueue

LONGEST_ANSWER = 1024 * 1024  # a message's answer has some hundred bytes


class Withdrawn:
    """The call was taken back before a byte of it had left."""


def always(key) -> bool:
    return True


class Client:
    """Makes calls side by side, each of them once, whatever becomes of a connection.

    A call ends as the Answer it got, or as the ProviderError or OutcomeUnknown that tells whether
    it left, or as Withdrawn. `may_begin(key)` is asked by the client's own threads for each call,
    at the last moment: its connection is there, and not a byte of it has been written.
    """

    def __init__(self, may_begin=always):
        self._may_begin = may_begin
        self._ended = SimpleQueue()

    def start(self, key, asked) -> None:
        raise NotImplementedError

    def withdraw(self, keys) -> None:
        """Take these calls back as far as nothing of them has left; the others go on."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def done(self, timeout: float) -> list[tuple]:
        """(key, how it ended) of the calls that have; waits up to so many seconds for the first."""
        found = []
        try:
            found.append(self._ended.get(timeout=timeout) if timeout else self._ended.get_nowait())
            while True:
                found.append(self._ended.get_nowait())
        except Empty:
            return found
