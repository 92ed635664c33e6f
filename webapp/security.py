"""Headers that keep a page from doing anything but what Parley sent it to do."""

from urllib.parse import urlsplit

from flask import request

MAX_FORM_BYTES = 30 * 1024 * 1024


def init_app(app):
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = 2 * 1024 * 1024
    policy = content_security_policy(app.config["PUBLIC_URL"])

    @app.after_request
    def add_headers(response):
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


def for_a_provider(response):
    """A file at a signed address. Its type must be the true one, for the provider goes by it; no
    browser shall run any."""
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def content_security_policy(public_url):
    """Everything from our own address, nothing inline; the socket's address is named for Safari."""
    host = urlsplit(public_url).netloc
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; "
        f"connect-src 'self' ws://{host} wss://{host}; img-src 'self' data: blob:; "
        "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
