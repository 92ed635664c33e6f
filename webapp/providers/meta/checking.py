""" "Test connection": asks Meta about each part of the set-up and says how to mend it."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from ..base import CheckLine, ProviderError
from ..reading import dict_of, list_of, text_of
from . import condition, tokens
from .graph import Graph

# Ordered from most telling to least; an unknown name fails the whole call with code 100.
_BASIC = "id,display_phone_number,verified_name"
_HEALTH = f"{_BASIC},quality_rating,status,name_status,health_status"
_FIELDS = (
    f"{_HEALTH},throughput,whatsapp_business_manager_messaging_limit,webhook_configuration",
    _HEALTH,
    _BASIC,
)


def check(graph: Graph, credentials: Mapping[str, str], webhook_url="") -> list[CheckLine]:
    first, number = _number(graph)
    if not first.ok:
        return [first]
    return [
        first,
        *condition.lines_of(number),
        *tokens.lines_of(graph, credentials),
        _business_account(graph, credentials),
        _subscription(graph, credentials),
        *_webhook(number, webhook_url),
        _secret(graph, credentials),
    ]


def _number(graph):
    try:
        number = _ask(graph, _FIELDS)
    except ProviderError as error:
        if error.code in ("100", "33"):
            return _unknown_number(), {}
        return CheckLine.refused(tokens.NAME if error.auth else "Number", error), {}
    shown = text_of(number.get("display_phone_number")) or graph.number_id
    name = text_of(number.get("verified_name"))
    return CheckLine("Number", True, f"Meta knows {shown} {name}".strip() + "."), number


def _ask(graph, choices):
    fields, *fewer = choices
    try:
        return graph.get((graph.number_id,), fields=fields)
    except ProviderError as error:
        if error.code != "100" or not fewer:
            raise
        return _ask(graph, fewer)


def _unknown_number():
    return CheckLine(
        "Number",
        False,
        "The access token is valid, but Meta finds no number with this phone number ID for it.",
        "Copy the ID from the number's page in WhatsApp Manager (it is not the phone number), and "
        "give the token's system user access to the WhatsApp account.",
    )


def _business_account(graph, credentials):
    name = "WhatsApp account"
    try:
        found = graph.get((credentials.get("waba_id", ""), "phone_numbers"), fields="id", limit=100)
    except ProviderError as error:
        return CheckLine.refused(name, error)
    ids = {text_of(dict_of(number).get("id")) for number in list_of(found.get("data"))}
    if graph.number_id in ids:
        return CheckLine(name, True, "The number belongs to this WhatsApp Business Account.")
    return CheckLine(
        name,
        False,
        "The number is not among those of this WhatsApp Business Account.",
        "Compare the account ID with the one above the number in WhatsApp Manager.",
    )


def _subscription(graph, credentials):
    name = "Events"
    try:
        found = graph.get((credentials.get("waba_id", ""), "subscribed_apps"))
    except ProviderError as error:
        return CheckLine.refused(name, error)
    apps = [
        text_of(dict_of(dict_of(app).get("whatsapp_business_api_data")).get("id"))
        for app in list_of(found.get("data"))
    ]
    wanted = credentials.get("app_id", "")
    if apps and (not wanted or wanted in apps):
        return CheckLine(name, True, "Meta sends this WhatsApp account's events to the app.")
    return CheckLine(
        name,
        False,
        "The app is not subscribed to this WhatsApp account: Meta sends it no messages.",
        "Send POST /{account ID}/subscribed_apps with this token once, or press Subscribe in "
        "Meta's app dashboard under WhatsApp, Configuration.",
    )


def _webhook(number, ours):
    """All numbers of an app may come by one address of ours: only another server is wrong."""
    places = dict_of(number.get("webhook_configuration"))
    levels = ("phone_number", "whatsapp_business_account", "application")  # the first one counts
    used = next((text_of(places.get(level)) for level in levels if places.get(level)), "")
    if not used or not ours:
        return
    host, wanted = (urlsplit(url).netloc.lower() for url in (used, ours))
    if host == wanted:
        yield CheckLine("Webhook", True, "Meta posts this number's events to this server.")
    else:
        yield CheckLine(
            "Webhook",
            False,
            f"Meta posts this number's events to {host}, not to this server.",
            "Enter the address shown here in Meta's app dashboard under WhatsApp, Configuration, "
            "or remove the number's own callback address.",
        )


def _secret(graph, credentials):
    """Meta checks the proof made with the secret: a wrong one would drop every webhook."""
    name = "App secret"
    token = graph.token()
    secret = credentials.get("app_secret", "")
    if not secret:
        message = "The app secret is missing: webhooks can't be verified."
        return CheckLine(name, False, message, "Copy it from Meta's app dashboard, Basic settings.")
    proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    try:
        graph.get((graph.number_id,), fields="id", appsecret_proof=proof)
    except ProviderError as error:
        if error.permanent and "appsecret_proof" in str(error.raw.get("message", "")):
            return CheckLine(
                name,
                False,
                "The app secret does not belong to the app of this access token.",
                "Copy the secret of the same app from Meta's app dashboard, Basic settings.",
            )
        return CheckLine(name, None, "The app secret could not be checked.", f"{error.reason}.")
    return CheckLine(name, True, "The app secret fits the access token.")
