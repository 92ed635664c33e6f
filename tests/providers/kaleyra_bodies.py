"""Kaleyra's sample callbacks as requests, and the provider set up against an address."""

import json
from urllib.parse import urlencode

from webapp.providers.base import WebhookRequest
from webapp.providers.http import Http
from webapp.providers.kaleyra import Kaleyra

from .calls import PAYLOADS
from .casts import KALEYRA

NUMBER = "15550100001"
WEBHOOK = "https://chat.example/webhooks/kaleyra/token"
KALEYRA_CREDENTIALS = KALEYRA.credentials


def sample(name):
    """A payload file as the request it stands for."""
    found = json.loads((PAYLOADS / "kaleyra" / f"{name}.json").read_text())
    if found.get("method") == "GET":
        return called(found["query_string"], found["query"])
    return posted(found["body"] if "method" in found else found)


def called(query_string="", query=None):
    return WebhookRequest("GET", f"{WEBHOOK}?{query_string}", {}, b"", query or {})


def by_get(**variables):
    variables = {key.rstrip("_"): value for key, value in variables.items()}
    return called(urlencode(variables), variables)


def posted(body, query_string=""):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WebhookRequest("POST", f"{WEBHOOK}?{query_string}", {}, body)


def kaleyra(address="http://127.0.0.1:1", settings=None, timeout=(1, 0.6), **credentials):
    known = KALEYRA_CREDENTIALS | {"callback_secret": ""} | credentials
    places = {"KALEYRA_API_URL": address, "WEBHOOK_URL": WEBHOOK, "PHONE": NUMBER}
    return Kaleyra(known, Http(timeout), places | (settings or {}))


def kaleyra_signed(body, wrong=""):
    """Kaleyra signs nothing: what proves a call is a secret in a header of the admin's making."""
    headers = {"x-webhook-token": wrong or KALEYRA_CREDENTIALS["callback_secret"]}
    return WebhookRequest("POST", WEBHOOK, headers, body)


def only(events):
    (event,) = events
    return event


def emptied(stub):
    """One stand-in serves a whole file of tests: to stop one takes half a second."""
    for kept in (stub.sent, stub.taken, stub.broken_rules, stub.answers, stub.requests):
        kept.clear()
    stub.media.clear()
    return stub
