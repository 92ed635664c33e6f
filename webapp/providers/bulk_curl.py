"""Bulk calls by libcurl: one thread, one epoll, a few hundred connections.

libcurl sends a POST once more by itself when a kept-alive connection ends without an answer. It
needs the body again for that: here the body is read by a function nobody can rewind, so that such
a call ends as an error instead (curl.se/libcurl/c/CURLOPT_SEEKFUNCTION.html).
"""

import logging
import os
import select
import threading
import time
from collections import deque
from contextlib import suppress
from io import BytesIO

import pycurl
from requests.certs import where

from . import faults
from .bulk_client import LONGEST_ANSWER, Client, Withdrawn, always
from .connections import USER_AGENT
from .http import LONGEST_IDLE, TIMEOUT, Answer

log = logging.getLogger(__name__)

_WANTS = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}
_NOT_ASKABLE = (pycurl.E_URL_MALFORMAT, pycurl.E_UNSUPPORTED_PROTOCOL)


class CurlClient(Client):
    def __init__(self, places, may_begin=always, timeout=TIMEOUT, ca_file=None):
        super().__init__(may_begin)
        self._timeout = timeout
        self._ca_file = str(ca_file or where())
        self._asked = deque()
        self._withdrawn = deque()
        self._calls = {}  # of each handle at work
        self._idle = []
        self._watched = set()
        self._due = None  # when libcurl wants to be called, whatever its sockets do
        self._closing = False
        self._poll = select.epoll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll.register(self._bell, select.EPOLLIN)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._time)
        self._multi.setopt(pycurl.M_MAXCONNECTS, places)
        self._thread = threading.Thread(target=self._run, name="bulk", daemon=True)
        self._thread.start()

    def start(self, key, asked):
        self._asked.append((key, asked))
        if self._thread.is_alive():
            os.eventfd_write(self._bell, 1)
        else:
            self._give_back()

    def withdraw(self, keys):
        self._withdrawn.append(frozenset(keys))
        os.eventfd_write(self._bell, 1)

    def close(self):
        if self._closing:
            return
        self._closing = True
        os.eventfd_write(self._bell, 1)
        self._thread.join()
        for curl in [*self._calls, *self._idle]:
            curl.close()
        self._multi.close()
        self._poll.close()
        os.close(self._bell)

    def _run(self):
        try:
            while not self._closing:
                self._turn()
        except Exception:
            log.exception("the loop broke: what was in flight has no answer")
            for call in self._calls.values():
                self._ended.put((call.key, faults.lost()))
            self._give_back()

    def _give_back(self):
        while self._asked:
            self._ended.put((self._asked.popleft()[0], faults.never_left("the loop has ended")))

    def _turn(self):
        ready = dict(self._poll.poll(self._patience()))
        if ready.pop(self._bell, None):
            os.eventfd_read(self._bell)
        while self._withdrawn:
            self._take_back(self._withdrawn.popleft())
        for place, events in ready.items():
            self._multi.socket_action(place, _mask(events))
        while self._asked:
            self._begin(*self._asked.popleft())
        if self._due is not None and time.monotonic() >= self._due:
            self._due = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._collect()

    def _patience(self):
        return None if self._due is None else max(0, self._due - time.monotonic())

    def _take_back(self, keys):
        """A transfer that has written nothing writes nothing once it is out of the loop."""
        for _ in range(len(self._asked)):
            key, request = self._asked.popleft()
            if key in keys:
                self._ended.put((key, Withdrawn))
            else:
                self._asked.append((key, request))
        for curl, call in list(self._calls.items()):
            if call.key in keys and curl.getinfo(pycurl.REQUEST_SIZE) == 0:
                self._put_away(curl, Withdrawn)

    def _begin(self, key, request):
        curl = self._idle.pop() if self._idle else _new_handle(self._timeout, self._ca_file)
        try:
            self._calls[curl] = _Call(curl, key, request, self._begins)
        except (ValueError, TypeError, pycurl.error):
            curl.close()
            self._ended.put((key, faults.not_askable()))
        else:
            self._multi.add_handle(curl)

    def _begins(self, key):
        """What was taken back since this turn began does not, either."""
        gone = any(key in keys for keys in tuple(self._withdrawn))
        return not gone and self._may_begin(key)

    def _collect(self):
        left = 1
        while left:
            left, well, badly = self._multi.info_read()
            for curl in well:
                self._end(curl, None)
            for curl, error, _ in badly:
                self._end(curl, error)

    def _end(self, curl, error):
        self._put_away(curl, self._calls[curl].outcome(error))

    def _put_away(self, curl, found):
        self._multi.remove_handle(curl)
        self._ended.put((self._calls.pop(curl).key, found))
        self._idle.append(curl)

    def _watch(self, what, place, *_):
        """libcurl says what it waits for at a socket."""
        if what == pycurl.POLL_REMOVE:
            self._watched.discard(place)
            with suppress(OSError):  # it may have been closed already
                self._poll.unregister(place)
        elif place in self._watched:
            self._poll.modify(place, _WANTS[what])
        else:
            self._watched.add(place)
            self._poll.register(place, _WANTS[what])

    def _time(self, milliseconds):
        self._due = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000


class _Call:
    """One call on one handle."""

    __slots__ = ("_body", "_curl", "_head", "_may_begin", "key")

    def __init__(self, curl, key, request, may_begin):
        self.key = key
        self._curl, self._may_begin = curl, may_begin
        self._head, self._body = [], []
        curl.setopt(pycurl.URL, request.url)
        headers = [f"{name}: {value}" for name, value in request.headers.items()]
        curl.setopt(pycurl.HTTPHEADER, [*headers, "Expect:"])
        curl.setopt(pycurl.CUSTOMREQUEST, request.method)
        curl.setopt(pycurl.POSTFIELDSIZE, len(request.body))
        curl.setopt(pycurl.PREREQFUNCTION, self._begins)
        curl.setopt(pycurl.READFUNCTION, BytesIO(request.body).read)
        curl.setopt(pycurl.HEADERFUNCTION, self._head.append)
        curl.setopt(pycurl.WRITEFUNCTION, self._body.append)

    def _begins(self, *_):
        """Asked when its connection is there, before its request is written
        (curl.se/libcurl/c/CURLOPT_PREREQFUNCTION.html)."""
        return pycurl.PREREQFUNC_OK if self._may_begin(self.key) else pycurl.PREREQFUNC_ABORT

    def outcome(self, error):
        if error is None:
            status = self._curl.getinfo(pycurl.RESPONSE_CODE)
            return Answer(status, _headers(self._head), b"".join(self._body))
        if self._curl.getinfo(pycurl.REQUEST_SIZE) == 0:
            if error == pycurl.E_ABORTED_BY_CALLBACK:
                return Withdrawn
            if error in _NOT_ASKABLE:
                return faults.not_askable()
            return faults.never_left(f"curl {error}")
        if error == pycurl.E_OPERATION_TIMEDOUT:
            return faults.no_answer()
        if error == pycurl.E_FILESIZE_EXCEEDED:
            return faults.too_long()
        return faults.broken_off() if self._head else faults.lost()


def _new_handle(timeout, ca_file):
    connecting, answering = timeout
    curl = pycurl.Curl()
    for option, value in (
        (pycurl.POST, 1),
        # One answer per request on a connection: of several streams in one, libcurl may begin some
        # anew by itself when the connection ends.
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
        (pycurl.PROXY, ""),  # whatever the environment says
        (pycurl.CAINFO, ca_file),  # the wheel knows none of the system's
        (pycurl.NOSIGNAL, 1),
        (pycurl.USERAGENT, USER_AGENT),
        (pycurl.CONNECTTIMEOUT_MS, int(connecting * 1000)),
        (pycurl.TIMEOUT_MS, int((connecting + answering) * 1000)),
        (pycurl.MAXFILESIZE, LONGEST_ANSWER),
        (pycurl.MAXAGE_CONN, LONGEST_IDLE),
        # A message has some thousand bytes, its answer some hundred: with libcurl's own buffers
        # (16 and 64 kB) four hundred connections over TLS take 21 MB more.
        (pycurl.BUFFERSIZE, 4096),
        (pycurl.UPLOAD_BUFFERSIZE, 16384),
    ):
        curl.setopt(option, value)
    return curl


def _mask(events):
    mask = pycurl.CSELECT_IN if events & select.EPOLLIN else 0
    if events & select.EPOLLOUT:
        mask |= pycurl.CSELECT_OUT
    if events & (select.EPOLLERR | select.EPOLLHUP):
        mask |= pycurl.CSELECT_ERR
    return mask


def _headers(lines):
    """Of the last head: an informational one may stand before it."""
    found = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            found[name.lower()] = value.strip()
        elif line.startswith(b"HTTP/"):
            found.clear()
    return found
