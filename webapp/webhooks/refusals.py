"""How many webhooks each account's door refused, written down beside the answers."""

import logging
import threading
from collections import Counter
from time import sleep

from webapp.accounts import health
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

PAUSE_SECONDS = 10


class Refusals:
    """Counts webhooks with a bad signature in memory; a thread of its own writes them down.

    The first is written at once, then at most one row and one line in the log every few seconds,
    however many somebody sends.
    """

    def __init__(self, app):
        self._app = app
        self._counted = threading.Condition(threading.Lock())
        self._counts = Counter()
        self._thread = None

    def count(self, account_id):
        with self._counted:
            self._counts[account_id] += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="refusals", daemon=True)
                self._thread.start()
            self._counted.notify()

    def _run(self):
        while True:
            with self._counted:
                while not self._counts:
                    self._counted.wait()
                counts, self._counts = self._counts, Counter()
            for account_id, number in sorted(counts.items()):
                self._write(account_id, number)
            sleep(PAUSE_SECONDS)

    def _write(self, account_id, number):
        log.warning("account %s: %s webhooks refused by their signature", account_id, number)
        try:
            with self._app.app_context(), unit_of_work():
                health.rejected(account_id, number)
        except Exception as error:
            log.warning("they are counted later: %s", type(error).__name__)
            with self._counted:
                self._counts[account_id] += number
