"""A request as the pages read it: without the one character that PostgreSQL stores nowhere."""

from flask import Request as FlaskRequest
from werkzeug.datastructures import ImmutableMultiDict


def init_app(app):
    app.request_class = Request


def _without_nul(value):
    return value.replace("\x00", "") if isinstance(value, str) else value


class Values(ImmutableMultiDict):
    """What came in an address or a form; files pass through as they are."""

    def __init__(self, mapping=None):
        super().__init__(mapping)
        for name, values in dict.items(self):
            dict.__setitem__(self, name, [_without_nul(value) for value in values])


class Request(FlaskRequest):
    parameter_storage_class = Values
