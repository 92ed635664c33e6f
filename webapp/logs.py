"""One line of JSON per event on standard error; a terminal gets plain words. No personal data."""

import logging
import re
import sys

import structlog

# A webhook's address holds a token, in a GET also what a customer wrote; a file's or a TV's
# address is the right to see it. The access log hides the same (gunicorn.conf.py).
PROSE = ("event", "exception")
_SECRET = re.compile(r"""(/(?:webhooks/[a-z]{1,20}|files|board/tv)/)[^\s"']+""")


# What a database quotes in its errors may be anybody's number or name; ten digits and more are a
# phone number sooner than anything we need to read.
_QUOTED = re.compile(r"(DETAIL:|\[parameters:)[^\n]*")
_PHONE = re.compile(r"(?:(?<![\w.-])|(?<=%2B)|(?<=%3A))\+?\d{10,15}(?![\w-])")

about = structlog.contextvars.bound_contextvars  # `with about(message_id=5):` every line says so


def hide_tokens(_logger, _method, event):
    """A structlog processor: no line shows an address that lets somebody in."""
    return {
        name: _SECRET.sub(r"\1…", value) if isinstance(value, str) else value
        for name, value in event.items()
    }


def hide_people(_logger, _method, event):
    """A structlog processor: whatever a library says, no phone number and no row's values."""
    return {name: _impersonal(value) if name in PROSE else value for name, value in event.items()}


def _impersonal(value):
    if not isinstance(value, str):
        return value
    return _PHONE.sub("…", _QUOTED.sub(r"\1 …", value))


def init_app(app):
    root = logging.getLogger()
    root.handlers = [handler(sys.stderr)]
    root.setLevel(app.config["LOG_LEVEL"].upper())
    for noisy in ("urllib3", "botocore", "geventwebsocket", "engineio", "socketio", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def handler(stream):
    """Writes lines to the stream: JSON, or words where a person sits in front of it."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    final = (
        [hide_tokens, hide_people, structlog.dev.ConsoleRenderer()]
        if stream.isatty()
        else [
            structlog.processors.format_exc_info,
            hide_tokens,
            hide_people,
            structlog.processors.JSONRenderer(),
        ]
    )
    made = logging.StreamHandler(stream)
    made.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    return made
