"""What the providers' stand-ins share: a server that checks, answers as told and calls back."""

import itertools
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.support.local_server import Handler, LocalServer

CUT = 0  # as a queued answer's status: the connection is cut instead


@dataclass(frozen=True)
class StubRequest:
    method: str
    path: str
    query: dict  # the last value where a name repeats
    headers: dict  # names in lower case
    body: bytes
    url: str  # as it was called, with the query

    @property
    def json(self):
        """The body as JSON; None if it isn't."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @cached_property
    def form(self):
        """Name and value pairs in their order."""
        return parse_qsl(self.body.decode(), keep_blank_values=True)

    @cached_property
    def parts(self):
        """A multipart body: name → Part."""
        return {part.name: part for part in _parts_of(self)}


@dataclass(frozen=True)
class Part:
    name: str
    content: bytes
    filename: str | None
    mime_type: str

    @property
    def text(self):
        return self.content.decode()


@dataclass(frozen=True)
class Reply:
    status: int
    body: object = b""  # bytes, text, or anything JSON can write
    headers: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """A message the stub accepted: what receipts need to name it."""

    id: str
    recipient: str  # digits
    correlation_id: str = ""
    callback_url: str = ""  # where the message itself asks for its receipts
    kind: str = ""
    text: str = ""  # one line for people
    body: object = None


class ProviderStub(LocalServer):
    """A provider on this machine. A subclass gives:

    - `name`, and `secrets`: name → value of what it signs with and expects (the account's own
      field names, so that `bin/provider-stub NAME --set auth_token=…` can set them);
    - `environment()`: the variables that point the product here, e.g. {"TWILIO_API_URL": url};
    - `handle(request) -> Reply`: checks the request against the documented rules and answers.
      A message it would take goes through `take(Taken(…), success_reply)`; a wrong request through
      `refuse("rule in words", Reply(…documented error…))`;
    - `say(webhook_url, text="", **more) -> status`: posts an inbound message, signed;
    - `receipt(webhook_url, taken, status, **more) -> status`: posts `sent`, `delivered`, `read`
      or `failed` for a `Taken`, signed. `webhook_url` is the account's address in the product
      (ignore it where `taken.callback_url` says otherwise). Both end with `self.post(…)`.

    `sent` are the bodies of messages in the order they came, `taken` what was accepted of them,
    `broken_rules` what was wrong with requests (a good test asserts it is empty at the end).
    `answers` queues what the next messages get instead of success: (status, body, seconds) or
    (status, body, seconds, headers); a body of None is the success, the status CUT cuts the
    connection. `media` holds files it hands out: id or path → (bytes, MIME type).
    """

    name = ""
    secrets: dict[str, str] = {}

    def __init__(self, port=0, **secrets_given):
        self.secrets = {**type(self).secrets, **secrets_given}
        self.sent, self.taken, self.broken_rules, self.answers = [], [], [], []
        self.media, self.requests = {}, []
        self.on_taken = None  # called with each Taken, after its answer has left
        self.on_submitted = None  # called with each template to review, where templates are kept
        self.on_request = None  # called with the request and its Reply
        self.series = ""  # makes ids differ between runs against one database
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.listen(_handler_for(self), port)

    def environment(self) -> dict[str, str]:
        raise TypeError(f"{type(self).__name__} does not say how to point the product to it")

    def handle(self, request: StubRequest) -> Reply:
        return Reply(404)

    def say(self, webhook_url, text="", **more) -> int:
        raise TypeError(f"{type(self).__name__} has no customers")

    def receipt(self, webhook_url, taken: Taken, status, **more) -> int:
        raise TypeError(f"{type(self).__name__} sends no receipts")

    # For subclasses

    def number(self):
        """For ids: 1, 2, 3 …"""
        return f"{self.series}{next(self._numbers)}"

    def take(self, taken: Taken, success: Reply) -> Reply | None:
        """Note a right message and give the queued answer, or success; None cuts the connection."""
        with self._lock:
            self.sent.append(taken.body)
            queued = self.answers.pop(0) if self.answers else (success.status, None, 0)
        status, body, seconds, *headers = queued
        if seconds:
            time.sleep(seconds)
        if status == CUT:
            self._note(taken)
            return None
        if status < 300:
            self._note(taken)
        if body is None:
            status, body = success.status, success.body
        return Reply(status, body, {**success.headers, **(headers[0] if headers else {})})

    def refuse(self, rule, reply: Reply) -> Reply:
        self.broken_rules.append(rule)
        return reply

    def post(self, url, *, data, headers, method="POST") -> int:
        """Call the product's webhook; its status, 0 where nobody answered."""
        try:
            return requests.request(method, url, data=data, headers=headers, timeout=15).status_code
        except requests.RequestException:
            return 0

    def host(self, content, mime_type) -> str:
        """The path below `url` where a file of a customer's can be fetched."""
        path = f"/media/{secrets.token_hex(8)}"
        self.media[path] = (content, mime_type)
        return path

    def hosted(self, request) -> Reply:
        """The file at this path, as the provider's media server would hand it out."""
        found = self.media.get(request.path)
        return Reply(200, found[0], {"Content-Type": found[1]}) if found else Reply(404)

    # What tests queue

    def fail_next(self, status, body=b"", seconds=0, headers=None):
        self.answers.append((status, body, seconds, headers or {}))

    def cut_next(self):
        self.answers.append((CUT, None, 0))

    def slow_next(self, seconds):
        self.answers.append((200, None, seconds))

    def limit_next(self, retry_after=None, body=b""):
        hint = {"Retry-After": str(retry_after)} if retry_after else {}
        self.answers.append((429, body, 0, hint))

    def _note(self, taken):
        self.taken.append(taken)
        if self.on_taken:
            threading.Thread(target=self.on_taken, args=(taken,), daemon=True).start()


def _handler_for(stub):
    class Answering(Handler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def answer(self):
            request = self._request()
            if request is None:  # the caller died before it had said all
                self.close_connection = True
                return
            stub.requests.append(request)
            reply = stub.handle(request)
            if stub.on_request:
                stub.on_request(request, reply)
            if reply is None:
                self.close_connection = True
                self.connection.close()
            else:
                self._send(reply)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def _request(self):
            parts = urlsplit(self.path)
            length = int(self.headers["Content-Length"] or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                return None
            return StubRequest(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
                url=stub.url + self.path,
            )

        def _send(self, reply):
            content, kind = _encoded(reply.body)
            headers = {"Content-Type": kind, **reply.headers}
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Answering


def _encoded(body):
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), "text/html"
    return json.dumps(body).encode(), "application/json"


def _parts_of(request):
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    mark = b"--" + str(header.get_param("boundary", "")).encode()
    for piece in request.body.split(mark)[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        said = Message()
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(":")
            said[name] = value.strip()
        yield Part(
            said.get_param("name", header="Content-Disposition"),
            content.removesuffix(b"\r\n"),
            said.get_param("filename", header="Content-Disposition"),
            said.get("Content-Type", ""),
        )
