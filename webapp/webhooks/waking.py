"""Hints that an account has payloads to drain, given beside the answers, never before them."""

import logging
import threading
from time import sleep

from webapp import jobs

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.01


class Waker:
    """Asks for drains in a thread of its own: Redis being slow or away holds up no webhook.

    A pause after each round lets many groups share one hint; without it hints cost up to a third
    of the webhooks a process can take.
    """

    def __init__(self):
        self._asked = threading.Condition(threading.Lock())
        self._accounts = set()
        self._thread = None

    def wake(self, account_ids):
        with self._asked:
            self._accounts.update(account_ids)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()
            self._asked.notify()

    def _run(self):
        while True:
            with self._asked:
                while not self._accounts:
                    self._asked.wait()
                accounts, self._accounts = self._accounts, set()
            for account_id in sorted(accounts):
                _hint(account_id)
            sleep(PAUSE_SECONDS)


def _hint(account_id):
    try:
        jobs.hint_now("workers.inbound.drain", account_id)
    except Exception:
        # This thread must not end; clock finds payloads that nobody was told of.
        log.exception("no hint for account %s", account_id)
