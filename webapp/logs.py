"""One line of JSON per event on standard error; a terminal gets plain words. No personal data."""

import logging
import re
import sys

import structlog

# A webhook's address holds a token, in a GET also what a customer wrote; a file's address is the
# right to fetch it. The access log hides the same (gunicorn.conf.py).
_SECRET = re.compile(r"""(/(?:webhooks/[a-z]{1,20}|files)/)[^\s"']+""")


def hide_tokens(_logger, _method, event):
    """A structlog processor: no line shows an address that lets somebody in."""
    return {
        name: _SECRET.sub(r"\1…", value) if isinstance(value, str) else value
        for name, value in event.items()
    }


def init_app(app):
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    plain = sys.stderr.isatty()
    final = (
        [hide_tokens, structlog.dev.ConsoleRenderer()]
        if plain
        else [
            structlog.processors.format_exc_info,
            hide_tokens,
            structlog.processors.JSONRenderer(),
        ]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(app.config["LOG_LEVEL"].upper())
    for noisy in ("urllib3", "botocore", "geventwebsocket", "engineio", "socketio", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
