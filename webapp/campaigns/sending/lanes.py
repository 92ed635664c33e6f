"""The calls under way for one account in one process, and what each of them was for."""

from threading import Lock

from webapp.accounts import access_points
from webapp.campaigns.sending.outcomes import Answer, NotBegun
from webapp.columns import utcnow
from webapp.providers.base import OutcomeUnknown
from webapp.providers.bulk import BulkSender
from webapp.providers.bulk_client import Withdrawn

# Calls side by side in one process: what is sent a second times how long an answer takes (1,700 a
# second of 150 ms each). Each holds a connection, over TLS of some hundred kilobytes.
PLACES = 256


class Lane:
    """`may_begin(call)` is asked right before a call leaves; any thread may take answers."""

    def __init__(self, account, app, may_begin):
        provider = access_points.provider_of(account)
        self._sender = BulkSender(provider, PLACES, app.app_context, may_begin)
        self._under_way = set()
        self._taking = Lock()

    def free(self, lanes):
        """Its places that are free, where so many lanes share them alike: a provider that does not
        answer takes none of the others'."""
        return max(0, PLACES // lanes - (PLACES - self._sender.places_free))

    @property
    def is_empty(self):
        return not self._under_way

    def begin(self, calls):
        with self._taking:
            self._under_way.update(calls)
        for call in calls:
            self._sender.submit(call, call.command, call.correlation_id)

    def take_back(self, campaign_ids):
        """Calls of other campaigns than these do not begin, if their connection is still made."""
        with self._taking:
            gone = [call for call in self._under_way if call.feed.id not in campaign_ids]
        if gone:
            self._sender.withdraw(gone)

    def answers(self, timeout=0):
        """Of the calls that have ended; waits up to so many seconds for the first."""
        with self._taking:
            found = self._sender.results(timeout)
            self._under_way.difference_update(call for call, _ in found)
        now = utcnow()
        return [
            Answer(call, NotBegun if outcome is Withdrawn else outcome, now)
            for call, outcome in found
        ]

    def close(self):
        """End at once; the answers of what is still under way: nobody knows."""
        self._sender.close()
        doubt = OutcomeUnknown("The sender ended before an answer came.")
        ended = self.answers()
        with self._taking:
            left = list(self._under_way)
        return [*ended, *(Answer(call, doubt, utcnow()) for call in left)]
