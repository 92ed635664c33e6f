"""Static files under an address that names their content, so browsers keep them for good."""

import hashlib
from pathlib import Path

from flask import current_app
from whitenoise import WhiteNoise

YEAR = 365 * 24 * 3600
# A worker goes by the policy of its own answer, so pages stay without WebAssembly. Only voice
# notes need it: no browser encodes Opus in an Ogg file by itself.
CODECS = "/opus-recorder-"
CODEC_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"


def init_app(app):
    """One digest over the whole folder: modules and pictures that refer to each other by
    relative address then share its prefix, and none is ever older than its neighbour."""
    folder = Path(app.static_folder)
    digest = digest_of(folder)
    app.config["ASSETS_PREFIX"] = prefix = f"/static/{digest}/"
    app.wsgi_app = WhiteNoise(
        app.wsgi_app,
        root=str(folder),
        prefix=prefix,
        immutable_file_test=lambda path, url: True,
        add_headers_function=_add_headers,
    )
    app.jinja_env.globals["asset"] = asset


def asset(name):
    """The address of a file below static/."""
    return current_app.config["ASSETS_PREFIX"] + name


def digest_of(folder):
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(str(path.relative_to(folder)).encode() + b"\0")
            total.update(path.read_bytes())
    return total.hexdigest()[:12]


def _add_headers(headers, path, url):
    headers["X-Content-Type-Options"] = "nosniff"
    if CODECS in url:
        headers["Content-Security-Policy"] = CODEC_POLICY
