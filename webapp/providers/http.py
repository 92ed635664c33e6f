"""Calls to a provider, telling apart what never left from what left and got no answer."""

import time
from collections import deque
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy

import orjson
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .base import OutcomeUnknown, ProviderError

TIMEOUT = (5, 15)  # seconds to connect, seconds of silence while waiting for the answer
LONGEST_ANSWER = 8 * 1024 * 1024
# A connection idle for longer may have been forgotten on the way: a message sent into it would
# wait for an answer in vain and count as unknown.
LONGEST_IDLE = 30  # seconds


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # keys in lower case
    body: bytes

    @cached_property
    def data(self):
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


class Http:
    """One session per call at a time, kept for the next: shared by threads it gets slow."""

    def __init__(self, timeout=TIMEOUT):
        self.timeout = timeout
        self._idle: deque[tuple[float, requests.Session]] = deque(maxlen=64)

    def post(self, url, payload, *, headers=None) -> Answer:
        headers = {**(headers or {}), "Content-Type": "application/json"}
        return self._call("POST", url, data=orjson.dumps(payload), headers=headers)

    def get(self, url, *, params=None, headers=None) -> Answer:
        """A read changes nothing, so a lost answer is only a reason to ask again."""
        try:
            return self._call("GET", url, params=params, headers=headers)
        except OutcomeUnknown as error:
            raise ProviderError(error.reason, permanent=False) from error

    def stream(self, url, *, headers=None) -> requests.Response:
        """The caller reads the body and closes the response."""
        try:
            return self._open("GET", url, headers=headers)
        except OutcomeUnknown as error:
            raise ProviderError(error.reason, permanent=False) from error

    def _call(self, method, url, **options):
        with self._open(method, url, **options) as response:
            try:
                body = b"".join(_capped(response.iter_content(65536)))
            except requests.RequestException as error:
                raise OutcomeUnknown("The provider's answer broke off") from error
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, body)

    def _open(self, method, url, **options):
        try:
            with self._session() as session:
                # Redirects are never followed: a POST might run twice, the token would travel.
                return session.request(
                    method, url, timeout=self.timeout, allow_redirects=False, stream=True, **options
                )
        except NeverLeft as error:
            raise ProviderError(error.reason, permanent=False) from error
        except ValueError as error:  # an address or a token that can't be put into a request
            reason = "The provider's address or the access token is not valid"
            raise ProviderError(reason, permanent=True, account_wide=True) from error
        except requests.ReadTimeout as error:
            raise OutcomeUnknown("The provider did not answer in time") from error
        except requests.RequestException as error:
            raise OutcomeUnknown("The connection was lost before an answer came") from error

    @contextmanager
    def _session(self):
        session = self._kept() or _new_session()
        try:
            yield session
        finally:
            self._idle.append((time.monotonic(), session))

    def _kept(self):
        try:
            since, session = self._idle.pop()
        except IndexError:
            return None
        if time.monotonic() - since <= LONGEST_IDLE:
            return session
        session.close()
        return None


def _new_session():
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = "Parley"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # accounts share sessions
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(max_retries=0))
    return session


def _capped(chunks):
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LONGEST_ANSWER:
            raise OutcomeUnknown("The answer was too long to be the provider's")
        yield chunk


class NeverLeft(Exception):
    """No connection was made, so not one byte of the request can have arrived.

    Neither requests nor urllib3 says so by itself: a certificate refused and a connection broken
    after the request are the same SSLError, a slow handshake the same ReadTimeout as a slow answer.
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class _Connecting:
    def connect(self):
        try:
            super().connect()
        except Exception as error:
            why = type(error).__name__
            raise NeverLeft(f"The provider could not be reached ({why})") from error


class _HttpConnection(_Connecting, HTTPConnection):
    pass


class _HttpsConnection(_Connecting, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


HTTP = Http()
