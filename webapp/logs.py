"""One line of JSON per event on standard error; a terminal gets plain words. No personal data."""

import logging
import sys

import structlog


def init_app(app):
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    plain = sys.stderr.isatty()
    final = (
        [structlog.dev.ConsoleRenderer()]
        if plain
        else [
            structlog.processors.format_exc_info,
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
