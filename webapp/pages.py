"""Page or partial: one template drawn inside the page and sent alone to htmx."""

from urllib.parse import urlsplit

from flask import make_response, redirect, render_template, request


def is_partial():
    """Whether htmx asks for a part; a history restore needs the whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def render(page, partial=None, /, status=200, **context):
    """The page, or for htmx its partial alone; templates know which by `alone`."""
    alone = bool(partial and is_partial())
    html = render_template(partial if alone else page, alone=alone, **context)
    response = make_response(html, status)
    response.headers["Vary"] = "HX-Request"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def see_other(url):
    """After a change: go and look. htmx follows the same 303."""
    return redirect(url, code=303)


def own_path(path):
    """The path if it stays on this site, else the start page; browsers read \\ as /."""
    path = (path or "").replace("\\", "/")
    parts = urlsplit(path)
    own = path.startswith("/") and not path.startswith("//") and path.isprintable()
    return path if own and not parts.scheme and not parts.netloc else "/"
