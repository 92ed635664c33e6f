"""Bulk calls by threads, one and one connection for each place: needs nothing but the standard
library."""

import http.client
import logging
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from requests.certs import where

from . import faults
from .base import OutcomeUnknown, ProviderError
from .bulk_client import LONGEST_ANSWER, Client, Withdrawn, always
from .connections import USER_AGENT
from .http import LONGEST_IDLE, TIMEOUT, Answer

log = logging.getLogger(__name__)


class _TakenBack(Exception):
    """Nothing of the call has left."""


class PoolClient(Client):
    def __init__(self, places, may_begin=always):
        super().__init__(may_begin)
        self._pool = ThreadPoolExecutor(places, thread_name_prefix="bulk")
        self._withdrawn = set()

    def start(self, key, asked):
        self._pool.submit(self._carry, key, asked)

    def withdraw(self, keys):
        self._withdrawn.update(keys)

    def close(self):
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _carry(self, key, asked):
        try:
            found = self._call(key, asked)
        except _TakenBack:
            found = Withdrawn
        except (ProviderError, OutcomeUnknown) as error:
            found = error
        except Exception as error:  # whether it left is not known, so it counts as having left
            log.exception("a call failed in a way nobody describes")
            found = OutcomeUnknown(f"Unexpected: {type(error).__name__}")
        self._ended.put((key, found))

    def _check(self, key):
        """Asked right before a call leaves."""
        if key in self._withdrawn or not self._may_begin(key):
            raise _TakenBack


class FunctionClient(PoolClient):
    """For a provider that is no server: its send() is the call."""

    def __init__(self, provider, places, around, may_begin=always):
        super().__init__(places, may_begin)
        self._provider = provider
        self._around = around

    def _call(self, key, asked):
        self._check(key)
        with self._around():
            return self._provider.send(*asked)


class ThreadClient(PoolClient):
    def __init__(self, places, may_begin=always, timeout=TIMEOUT, ca_file=None):
        super().__init__(places, may_begin)
        self._connecting, self._answering = timeout
        self._tls = ssl.create_default_context(cafile=ca_file or where())
        self._kept = threading.local()

    def _call(self, key, request):
        self._check(key)
        connection = self._connection(request.url)
        self._check(key)
        try:
            return _answer(connection, request)
        except BaseException:
            connection.close()
            raise
        finally:
            self._kept.since = time.monotonic()

    def _connection(self, url):
        """This thread's own, if it leads there and was not idle for too long."""
        try:
            to = urlsplit(url)
            place = (to.scheme, to.hostname, to.port)
        except ValueError as error:
            raise faults.not_askable() from error
        if getattr(self._kept, "place", None) != place:
            self._kept.connection = self._opening(*place)
            self._kept.place, self._kept.since = place, time.monotonic()
        elif time.monotonic() - self._kept.since > LONGEST_IDLE:
            self._kept.connection.close()
        if self._kept.connection.sock is None:
            self._connect(self._kept.connection)
        return self._kept.connection

    def _opening(self, scheme, host, port):
        if not host or scheme not in ("http", "https"):
            raise faults.not_askable()
        if scheme == "http":
            return http.client.HTTPConnection(host, port, self._connecting)
        return http.client.HTTPSConnection(host, port, timeout=self._connecting, context=self._tls)

    def _connect(self, connection):
        try:
            connection.connect()
        except Exception as error:
            connection.close()
            raise faults.never_left(type(error).__name__) from error
        connection.sock.settimeout(self._answering)


def _answer(connection, request):
    to = urlsplit(request.url)
    path = f"{to.path or '/'}?{to.query}" if to.query else to.path or "/"
    headers = {"User-Agent": USER_AGENT, "Accept": "*/*", **request.headers}
    try:
        connection.request(request.method, path, request.body, headers)
        response = connection.getresponse()
    except ValueError as error:  # refused before anything was written
        raise faults.not_askable() from error
    except TimeoutError as error:
        raise faults.no_answer() from error
    except (OSError, http.client.HTTPException) as error:
        raise faults.lost() from error
    return Answer(response.status, _headers(response), _body(response))


def _body(response):
    try:
        body = response.read(LONGEST_ANSWER + 1)
    except (OSError, http.client.HTTPException) as error:
        raise faults.broken_off() from error
    if len(body) > LONGEST_ANSWER:
        raise faults.too_long()
    if response.length:  # fewer bytes came than were announced
        raise faults.broken_off()
    return body


def _headers(response):
    return {name.lower(): value for name, value in response.getheaders()}
