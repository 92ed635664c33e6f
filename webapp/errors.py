"""What a person sees when something fails: what failed, that nothing was lost, what to do."""

import logging

from flask import make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import BadRequest

from webapp import pages
from webapp.extensions import db

log = logging.getLogger(__name__)

PAGES = (400, 403, 404, 413, 429, 500)
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
OUTSIDE = ("/webhooks/", "/healthz", "/readyz", "/metrics", "/static/")


def init_app(app):
    for code in PAGES:
        app.register_error_handler(code, _answer)
    app.register_error_handler(CSRFError, _stale)
    # What the driver says of a number longer than a column: SQLite's, and PostgreSQL's.
    app.register_error_handler(OverflowError, _unstorable)
    app.register_error_handler(DataError, _unstorable)


def _answer(error):
    code = getattr(error, "code", None) or 500
    sentence = _own_words(error)
    if request.path.startswith(OUTSIDE):
        return make_response(f"{sentence or 'Something went wrong here.'}\n", code, PLAIN)
    if code == 500:
        # Whatever the page had begun is over; what the error page itself reads starts afresh.
        db.session.rollback()
    if pages.is_partial() or request.accept_mimetypes.best == "application/json":
        return make_response(sentence or "Something went wrong here.", code, PLAIN)
    return make_response(render_template(f"errors/{code}.html", sentence=sentence), code)


def _stale(error):
    return _answer(BadRequest())


def _unstorable(error):
    db.session.rollback()
    log.warning("%s %s: %s", request.method, request.path, type(error).__name__)
    return _answer(BadRequest("A number in this address or form is too large."))


def _own_words(error):
    """What we said when we refused; the library's own sentences are not written for people."""
    said = getattr(error, "description", None)
    return said if said != getattr(type(error), "description", None) else ""
