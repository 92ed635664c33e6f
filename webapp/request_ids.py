"""One id for each request: taken from whoever stands in front, said in every line and answered."""

import logging
import re
import secrets
import time

import structlog
from flask import g, request

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")
SLOW_SECONDS = 1

log = logging.getLogger(__name__)


class RequestIds:
    """WSGI, round everything: webhooks are answered before Flask sees them."""

    def __init__(self, wsgi_app):
        self._wsgi_app = wsgi_app

    def __call__(self, environ, start_response):
        given = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
        # A greenlet or thread serves one connection's requests one after the other.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

        def start(status, headers, *error):
            return start_response(status, [*headers, (HEADER, request_id)], *error)

        return self._wsgi_app(environ, start)


def init_app(app):
    """Each line says whose request it is and what it is about, by ids; slow ones get a line."""
    app.before_request(_about)
    app.after_request(_note)


def _about():
    g.began = time.monotonic()
    given = (request.view_args or {}).items()
    ids = {name: value for name, value in given if name == "id" or name.endswith("_id")}
    structlog.contextvars.bind_contextvars(route=request.endpoint, **ids)


def _note(response):
    seconds = time.monotonic() - g.get("began", time.monotonic())
    slow = seconds > SLOW_SECONDS and not response.is_streamed
    log.log(
        logging.WARNING if slow else logging.DEBUG,
        "%s %s: %s in %.3f s",
        request.method,
        request.url_rule or "no such page",
        response.status_code,
        seconds,
    )
    return response
