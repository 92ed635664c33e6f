"""How many webhooks each account's door refused, without a log line for each."""

import logging
import threading
from time import monotonic

log = logging.getLogger(__name__)

QUIET_SECONDS = 60


class Refusals:
    """Counts webhooks with a bad signature; the log hears of them once a minute and account."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = {}
        self._said_at = {}

    def count(self, account_id):
        with self._lock:
            self._counts[account_id] = self._counts.get(account_id, 0) + 1
            if monotonic() - self._said_at.get(account_id, -QUIET_SECONDS) < QUIET_SECONDS:
                return
            self._said_at[account_id] = monotonic()
            since = self._counts.pop(account_id)
        log.warning(
            "account %s: %s webhooks refused, signature missing or wrong", account_id, since
        )
