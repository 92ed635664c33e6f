"""In front of Flask: the same figures again for those who were let in a moment ago.

The board is fetched, or told each second to everybody who looks (`socket.py`). Who may look is
asked of `staff/access` by the ordinary route, and every few seconds for all of them together; in
between the same cookie with the same address gets the same bytes, without session, database and
templates. A sign-in that was ended, or a role that was taken away, ends that within
ADMITTED_SECONDS.
"""

from werkzeug.wrappers import Response

from webapp.analytics import looking

PATH = "/board/now"


class Front:
    """WSGI: answers what is ready, hands on everything else."""

    def __init__(self, wsgi_app):
        self._wsgi_app = wsgi_app

    def __call__(self, environ, start_response):
        if environ.get("PATH_INFO") == PATH and environ["REQUEST_METHOD"] == "GET":
            made, done = looking.ready(*_who(environ))
            if made is not None:
                return _answer(environ, start_response, made)
            try:
                return self._wsgi_app(environ, start_response)
            finally:
                done()  # those who came meanwhile go on whatever became of it
        return self._wsgi_app(environ, start_response)

    def newest(self, environ, fresh=False):
        """What this person sees; None where the ordinary route refuses them.

        `fresh`: the newest was just read.
        """
        made, done = looking.ready(*_who(environ), fresh)
        if made is not None:
            return made
        try:
            answer = Response.from_app(self._wsgi_app, environ, buffered=True)
        finally:
            done()
        if answer.status_code != 200:
            return None
        tag, at = answer.headers["ETag"], answer.headers["X-Computed-At"]
        return looking.named(tag) or looking.Made(tag, at, answer.get_data())


def _who(environ):
    return environ.get("HTTP_COOKIE", ""), environ.get("QUERY_STRING", "")


def _packs(environ):
    return "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")


def _answer(environ, start_response, made):
    if environ.get("HTTP_IF_NONE_MATCH") == made.tag:
        start_response("304 Not Modified", headers_of(made))
        return [b""]
    packs = _packs(environ)
    body = made.packed if packs else made.html
    more = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
    ]
    start_response("200 OK", headers_of(made) + more + (PACKED if packs else []))
    return [body]


def headers_of(made):
    """What goes with it, whoever hands it out; the browser keeps it and asks by its tag."""
    return [
        ("ETag", made.tag),
        ("Cache-Control", "private, no-cache"),
        ("Vary", "Accept-Encoding"),
        ("X-Computed-At", made.at),
    ]


PACKED = [("Content-Encoding", "gzip")]
