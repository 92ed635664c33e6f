"""Many messages at once to one provider: what is asked and what an answer means is the provider's,
how it is carried a client's.

Calls are carried by libcurl where pycurl can be imported, else by threads of the standard library;
both are handed Requests and give back Answers. A provider that is no server (the sandbox) is called
as a function.
"""

import logging
from contextlib import nullcontext

from .base import OutcomeUnknown, Provider, ProviderError, Sent
from .bulk_client import Withdrawn, always
from .commands import Command
from .http import Answer

log = logging.getLogger(__name__)

Outcome = Sent | ProviderError | OutcomeUnknown | type[Withdrawn]


class BulkSender:
    """`places` calls side by side. One thread may submit while another one takes results.

    `around()` is entered for each call of a provider that is called as a function. `may_begin(key)`
    is asked on a thread of the client's right before a call leaves; one that may not ends as
    Withdrawn.
    """

    def __init__(
        self, provider: Provider, places: int, around=nullcontext, may_begin=always, client=None
    ):
        self._provider = provider
        self._places = places
        self._begun = self._ended = 0  # each is counted by one thread alone
        self._refused: list[tuple[object, Outcome]] = []
        self._client = client or _client_for(provider, places, around, may_begin)

    @property
    def places_free(self) -> int:
        return self._places - (self._begun - self._ended)

    def submit(self, key, command: Command, correlation_id: str) -> None:
        """Begin the call now; what cannot even be asked is among the next results."""
        if self.places_free <= 0:
            raise RuntimeError("no place is free")
        self._begun += 1
        try:
            asked = self._asked(command, correlation_id)
        except ProviderError as error:
            self._refused.append((key, error))
        except Exception as error:
            log.exception("a message cannot be put into a request")
            reason = f"Unexpected: {type(error).__name__}"
            self._refused.append((key, ProviderError(reason, permanent=True)))
        else:
            self._client.start(key, asked)

    def withdraw(self, keys) -> None:
        """Take these calls back: one of which nothing has left, because its connection is still
        being made, ends as Withdrawn. The others go on."""
        self._client.withdraw(keys)

    def results(self, timeout: float) -> list[tuple[object, Outcome]]:
        """(key, Sent | ProviderError | OutcomeUnknown | Withdrawn) of each call that ended; waits
        up to so many seconds for the first."""
        refused = [self._refused.pop() for _ in range(len(self._refused))]
        done = self._client.done(0 if refused else timeout)
        self._ended += len(refused) + len(done)
        return [*refused, *((key, self._outcome(found)) for key, found in done)]

    def close(self) -> None:
        """End at once: what is in flight is as if its answer had been lost."""
        self._client.close()

    def _asked(self, command, correlation_id):
        if self._provider.sends_by_request:
            return self._provider.request_for(command, correlation_id)
        return command, correlation_id

    def _outcome(self, found) -> Outcome:
        if not isinstance(found, Answer):
            return found
        try:
            return self._provider.outcome_of(found)
        except (ProviderError, OutcomeUnknown) as error:
            return error
        except Exception as error:
            log.exception("an answer cannot be read")
            return OutcomeUnknown(f"Unexpected: {type(error).__name__}")


def _client_for(provider, places, around, may_begin):
    # Imported by those alone who send campaigns: libcurl is 16 MB.
    if not provider.sends_by_request:
        from .bulk_threads import FunctionClient

        return FunctionClient(provider, places, around, may_begin)
    try:
        from .bulk_curl import CurlClient
    except ImportError:
        from .bulk_threads import ThreadClient

        return ThreadClient(places, may_begin)
    return CurlClient(places, may_begin)
