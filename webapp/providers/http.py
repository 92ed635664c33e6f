"""Calls to a provider, telling apart what never left from what left and got no answer."""

import time
from collections import deque
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

import orjson
import requests

from . import faults, tracing
from .base import OutcomeUnknown, ProviderError
from .connections import NeverLeft, new_session
from .multipart import Multipart
from .request import Request, form_request, json_request, pairs_of

TIMEOUT = (5, 15)  # seconds to connect, seconds of silence while waiting for the answer
AFTER_FILES = 4  # times that silence: whoever was sent a large file looks at it before answering
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
    """One session per call at a time, kept for the next: shared by threads it gets slow.

    `auth` is a user name and a password. `traced=False`: not even the passport shows this call.
    """

    def __init__(self, timeout=TIMEOUT, session_maker=new_session):
        self.timeout = timeout
        self._session_maker = session_maker
        self._idle: deque[tuple[float, requests.Session]] = deque(maxlen=64)

    def ask(self, request: Request, *, auth=None, traced=True) -> Answer:
        said = request.said if traced else ""
        sent = {"data": request.body, "headers": request.headers, "auth": auth}
        return self._call(request.method, request.url, said, traced, **sent)

    def post(self, url, payload, *, headers=None, auth=None, traced=True) -> Answer:
        return self.ask(json_request(url, payload, headers), auth=auth, traced=traced)

    def patch(self, url, payload, *, headers=None, auth=None, traced=True) -> Answer:
        request = json_request(url, payload, headers, method="PATCH")
        return self.ask(request, auth=auth, traced=traced)

    def post_form(self, url, fields, *, headers=None, auth=None, traced=True) -> Answer:
        """`fields`: a mapping, or pairs where a name repeats."""
        return self.ask(form_request(url, fields, headers), auth=auth, traced=traced)

    def post_files(self, url, fields, files, *, headers=None, auth=None, traced=True) -> Answer:
        """`files`: name → (file name, open binary file, MIME type), read while they are sent."""
        pairs = pairs_of(fields)
        body = Multipart(pairs, files)
        headers = {**(headers or {}), "Content-Type": body.content_type}
        said = tracing.form_text(pairs, files)
        connecting, silence = self.timeout
        sent = {"data": body, "headers": headers, "auth": auth}
        timeout = (connecting, silence * AFTER_FILES)
        return self._call("POST", url, said, traced, timeout=timeout, **sent)

    def post_bytes(self, url, content, *, headers=None, traced=True) -> Answer:
        """An open binary file as it is, read while it is sent."""
        connecting, silence = self.timeout
        timeout = (connecting, silence * AFTER_FILES)
        sent = {"data": content, "headers": headers}
        return self._call("POST", url, "(a file)", traced, timeout=timeout, **sent)

    def get(self, url, *, params=None, headers=None, auth=None, traced=True) -> Answer:
        """A read changes nothing, so a lost answer is only a reason to ask again."""
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params, doseq=True, errors="replace")
        try:
            return self._call("GET", url, "", traced, headers=headers, auth=auth)
        except OutcomeUnknown as error:
            raise ProviderError(error.reason, permanent=False) from error

    def delete(self, url, *, headers=None, auth=None, traced=True) -> Answer:
        return self._call("DELETE", url, "", traced, headers=headers, auth=auth)

    def stream(self, url, *, headers=None, auth=None) -> requests.Response:
        """The caller reads the body and closes the response."""
        try:
            return self._open("GET", url, headers=headers, auth=auth)
        except OutcomeUnknown as error:
            raise ProviderError(error.reason, permanent=False) from error

    def _call(self, method, url, said, traced, **options):
        keep = tracing.keep if traced else _keep_nothing
        try:
            answer = self._answer(method, url, **options)
        except (OutcomeUnknown, ProviderError) as error:
            keep(method, url, said, None, error.reason)
            raise
        shown = tracing.readable(answer.body, answer.headers.get("content-type", ""))
        keep(method, url, said, answer.status, shown)
        return answer

    def _answer(self, method, url, **options):
        with self._open(method, url, **options) as response:
            try:
                body = b"".join(_capped(response.iter_content(65536)))
            except requests.RequestException as error:
                raise faults.broken_off() from error
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, body)

    def _open(self, method, url, **options):
        options = {"timeout": self.timeout, **options}
        try:
            with self._session() as session:
                # Redirects are never followed: a POST might run twice, the token would travel.
                return session.request(method, url, allow_redirects=False, stream=True, **options)
        except NeverLeft as error:
            raise ProviderError(error.reason, permanent=error.permanent) from error
        except ValueError as error:
            raise faults.not_askable() from error
        except requests.ReadTimeout as error:
            raise faults.no_answer() from error
        except requests.RequestException as error:
            raise faults.lost() from error

    @contextmanager
    def _session(self):
        session = self._kept() or self._session_maker()
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


def _keep_nothing(*_):
    """The exchange holds a password."""


def _capped(chunks):
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LONGEST_ANSWER:
            raise faults.too_long()
        yield chunk


HTTP = Http()
