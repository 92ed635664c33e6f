"""Takes webhooks before Flask does: the 200 has to be cheap, and means the body is committed."""

import logging
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote

from sqlalchemy.exc import SQLAlchemyError

from webapp import metrics
from webapp.providers.base import BadSignature, WebhookRequest
from webapp.webhooks.former_use import FormerUse
from webapp.webhooks.keeping import Keeper
from webapp.webhooks.refusals import Refusals
from webapp.webhooks.rows import Row
from webapp.webhooks.senders import Senders
from webapp.webhooks.storing import payload_table
from webapp.webhooks.waking import Waker

log = logging.getLogger(__name__)

ADDRESS = re.compile(r"/webhooks/([a-z]{1,20})/([A-Za-z0-9_-]{1,64})")
MAX_BODY_BYTES = 4 * 1024 * 1024  # Meta's go up to 3 MB
METHODS = ("POST", "GET", "PUT")
LONGEST_TYPE = 120
# Whatever stands in a query string stays as it is, but bytes that no address may hold.
ADDRESS_SIGNS = "".join(map(chr, range(0x21, 0x7F)))

PLAIN = "text/plain; charset=utf-8"
REASONS = {
    200: "200 OK",
    400: "400 Bad Request",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    411: "411 Length Required",
    413: "413 Content Too Large",
    503: "503 Service Unavailable",
}

UNKNOWN_ADDRESS = (404, "No account has this webhook address.\n", PLAIN)
NOT_ALLOWED = (405, "This provider does not call its webhook this way.\n", PLAIN)
NO_LENGTH = (411, "Content-Length is required.\n", PLAIN)
TOO_LARGE = (413, "The body is over 4 MB.\n", PLAIN)
CUT_SHORT = (400, "The body is shorter than its Content-Length.\n", PLAIN)
BAD_SIGNATURE = (403, "The signature is missing or wrong.\n", PLAIN)
NOT_KEPT = (503, "The body could not be stored. Please send it again.\n", PLAIN)
HANDSHAKE = object()  # not a webhook: routes.receive answers it


class Front:
    """WSGI: what a provider calls its webhook's address with ends here, all else is Flask's."""

    def __init__(self, app, wsgi_app):
        self._wsgi_app = wsgi_app
        self._public_url = app.config["PUBLIC_URL"]
        self._senders = Senders(app)
        self._refusals = Refusals(app)
        self._former_use = FormerUse(app)
        self._keeper = Keeper(payload_table(app), Waker())

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] in METHODS:
            address = ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
            if address:
                answer = self._receive(environ, *address.groups())
                if answer is not HANDSHAKE:
                    return _answer(start_response, answer)
        return self._wsgi_app(environ, start_response)

    def _receive(self, environ, provider_name, token):
        try:
            sender = self._senders.find(provider_name, token)
        except SQLAlchemyError as error:
            log.error("webhook not taken, accounts cannot be read: %s", error)
            return NOT_KEPT
        if sender is None:
            return UNKNOWN_ADDRESS
        method = environ["REQUEST_METHOD"]
        if method not in sender.provider.webhook_methods:
            return HANDSHAKE if method == "GET" else NOT_ALLOWED
        body, fault = _read_body(environ)
        if fault:
            return fault
        query = _query(environ)
        request = self._request(environ, query, body)
        if not _proves_itself(sender, request):
            self._refusals.count(sender.account_id)
            metrics.count("parley_webhooks", provider=provider_name, outcome="refused")
            return BAD_SIGNATURE
        content_type = environ.get("CONTENT_TYPE", "")[:LONGEST_TYPE]
        provider = sender.provider
        told = provider.only_receipts(request)
        kept = self._keeper.keep(
            Row(sender.account_id, body, method, query, content_type, provider.name, told)
        )
        if sender.by_former_token:
            self._former_use.note(sender.account_id)
        return provider.answer if kept else NOT_KEPT

    def _request(self, environ, query, body):
        # The address we gave the provider, whatever the proxies made of it: Twilio signs it.
        url = self._public_url + environ["PATH_INFO"] + (f"?{query}" if query else "")
        known = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        return WebhookRequest(environ["REQUEST_METHOD"], url, _Headers(environ), body, known)


def _proves_itself(sender, request):
    """Whatever strangers send: what cannot be checked is refused."""
    try:
        sender.provider.verify(request)
    except BadSignature:
        return False
    except Exception as error:
        name, account_id = type(error).__name__, sender.account_id
        log.error("account %s: a signature could not be checked: %s", account_id, name)
        return False
    return True


def _query(environ):
    """As it was sent; a byte outside ASCII, which WSGI hands over as a letter, is written %XX."""
    query = environ.get("QUERY_STRING", "")
    if query.isascii() and query.isprintable():
        return query
    return quote(query.encode("latin-1", "replace"), safe=ADDRESS_SIGNS)


def _read_body(environ):
    """The raw bytes, or the answer that says why there are none."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not length and environ["REQUEST_METHOD"] == "GET":
        return b"", None
    if not (length.isascii() and length.isdigit()):
        return None, NO_LENGTH
    length = int(length) if len(length) < 10 else MAX_BODY_BYTES + 1
    if length > MAX_BODY_BYTES:
        return None, TOO_LARGE
    try:
        body = environ["wsgi.input"].read(length)
    except OSError:
        return None, CUT_SHORT
    return (body, None) if len(body) == length else (None, CUT_SHORT)


def _answer(start_response, answer):
    status, text, content_type = answer
    body = text.encode()
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),  # a GET among them: the next one is another message
    ]
    start_response(REASONS[status], headers)
    return [body]


class _Headers(Mapping):
    """A request's headers by name in lower case, read where they stand."""

    __slots__ = ("_environ",)

    def __init__(self, environ):
        self._environ = environ

    def __getitem__(self, name):
        key = name.upper().replace("-", "_")
        bare = key in ("CONTENT_TYPE", "CONTENT_LENGTH")
        return self._environ[key if bare else f"HTTP_{key}"]

    def __iter__(self):
        for key in self._environ:
            if key.startswith("HTTP_"):
                yield key[5:].replace("_", "-").lower()
            elif key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                yield key.replace("_", "-").lower()

    def __len__(self):
        return sum(1 for _ in self)
