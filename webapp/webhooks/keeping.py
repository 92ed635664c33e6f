"""Group commit: bodies that arrive together are committed together, each answered only after it."""

import logging
import threading
from collections import Counter, deque

from webapp import metrics
from webapp.webhooks.rows import RowsRefused, Unreachable

log = logging.getLogger(__name__)

WAIT_SECONDS = 10
GROUP_ROWS = 1_000
GROUP_BYTES = 16 * 1024 * 1024
MOST_BYTES_WAITING = 128 * 1024 * 1024


class Group:
    """Rows that share one commit, the event all of them wait for, and which were not stored."""

    __slots__ = ("rows", "size", "done", "lost")

    def __init__(self):
        self.rows = []
        self.size = 0
        self.done = threading.Event()
        self.lost = frozenset()

    def add(self, row, size):
        self.rows.append(row)
        self.size += size
        return len(self.rows) - 1

    @property
    def full(self):
        return len(self.rows) >= GROUP_ROWS or self.size >= GROUP_BYTES


class Keeper:
    """One writer in each process commits the open group, whatever it holds by then.

    No timer: the next group is what arrives while the last one is being committed. The writer
    starts with the first row, in the process that serves. Only the threading module is used, which
    gunicorn's gevent worker has patched.
    """

    def __init__(self, table, waker):
        self._table = table
        self._waker = waker
        self._arrived = threading.Condition(threading.Lock())
        self._groups = deque()
        self._bytes_waiting = 0
        self._writer = None

    def keep(self, row):
        """True once the row is committed; False if it is not, or not in time."""
        size = len(row.body) + len(row.query)
        with self._arrived:
            if self._bytes_waiting + size > MOST_BYTES_WAITING:
                return False
            group = self._open_group()
            place = group.add(row, size)
            self._bytes_waiting += size
            self._start_writer()
            self._arrived.notify()
        return group.done.wait(WAIT_SECONDS) and place not in group.lost

    def _open_group(self):
        if not self._groups or self._groups[-1].full:
            self._groups.append(Group())
        return self._groups[-1]

    def _start_writer(self):
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name="keeper", daemon=True)
            self._writer.start()

    def _write(self):
        while True:
            group = self._next_group()
            group.lost = self._store(group.rows)
            group.done.set()
            self._wake({row.account_id for row in group.rows})
            _count(group)

    def _wake(self, account_ids):
        try:
            self._waker.wake(account_ids)
        except Exception:
            log.exception("no hints given")  # the writer must not end; clock finds the rows

    def _next_group(self):
        with self._arrived:
            while not self._groups:
                self._arrived.wait()
            group = self._groups.popleft()
            self._bytes_waiting -= group.size
            return group

    def _store(self, rows):
        """Store the rows; the places of those that could not be."""
        try:
            self._table.insert(rows)
            return frozenset()
        except RowsRefused as error:
            return self._store_each(rows) if len(rows) > 1 else _all_lost(rows, error)
        except Exception as error:  # whatever it was, the writer goes on
            return _all_lost(rows, error)

    def _store_each(self, rows):
        """One bad row must not cost the others their 200."""
        lost = set()
        for place, row in enumerate(rows):
            try:
                self._table.insert([row])
            except RowsRefused as error:
                log.error("payload of account %s not stored: %s", row.account_id, error)
                lost.add(place)
            except Exception as error:
                return lost | {place + missed for missed in _all_lost(rows[place:], error)}
        return lost


def _count(group):
    outcomes = Counter(
        (row.provider or "", "not_kept" if place in group.lost else "kept")
        for place, row in enumerate(group.rows)
    )
    for (provider, outcome), amount in outcomes.items():
        metrics.count("parley_webhooks", amount, provider=provider, outcome=outcome)


def _all_lost(rows, error):
    if isinstance(error, RowsRefused | Unreachable):
        log.error("%s payloads not stored: %s", len(rows), error)
    else:
        log.exception("%s payloads not stored", len(rows))
    return frozenset(range(len(rows)))
