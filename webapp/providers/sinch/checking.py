""" "Test connection": asks Sinch about each part of the set-up and says how to mend it."""

from collections.abc import Mapping

from ..base import CheckLine, ProviderError
from ..reading import dict_of, digits_of, list_of, text_of
from .api import Api

TRIGGERS = (
    "MESSAGE_INBOUND",
    "MESSAGE_DELIVERY",
    "EVENT_INBOUND",
    "CONTACT_CREATE",
    "UNSUPPORTED",
    "CHANNEL_EVENT",
)
_PLACE = "in the Sinch dashboard, Conversation API, Apps, this app"


def check(api: Api, credentials: Mapping[str, str], settings: Mapping) -> list[CheckLine]:
    try:
        api.renew_token()
    except ProviderError as error:
        return [CheckLine.refused("Access key", error)]
    key = CheckLine("Access key", True, "Sinch accepts the access key.")
    try:
        app = api.get(("apps", api.app_id))
    except ProviderError as error:
        return [key, _no_app(api, error)]
    name = text_of(app.get("display_name")) or api.app_id
    known = f"Sinch knows the app “{name}” in this region."
    return [
        key,
        CheckLine("App", True, known, facts={"app": name}),
        _processing_mode(app),
        _number(app, settings),
        _webhook(api, credentials, settings),
    ]


def _no_app(api, error):
    if error.code != "NOT_FOUND":
        return CheckLine.refused("App", error)
    region = api.credentials.get("region", "")
    return CheckLine(
        "App",
        False,
        f"The access key works, but Sinch finds no app with this ID in the region “{region}”.",
        "Choose the region the app was made in, and copy project ID and app ID once more from the "
        "Sinch dashboard.",
    )


def _processing_mode(app):
    mode = text_of(app.get("processing_mode")).upper()
    facts = {"processing_mode": mode}
    if mode == "CONVERSATION":
        return CheckLine("Processing mode", True, "The app keeps conversations.", facts=facts)
    return CheckLine(
        "Processing mode",
        False if mode else None,
        f"The app's processing mode is “{mode or 'not told'}”: names are missing and replies fail.",
        f"Set the processing mode to Conversation {_PLACE}.",
        facts,
    )


def _number(app, settings):
    name = "WhatsApp number"
    channels = [dict_of(channel) for channel in list_of(app.get("channel_credentials"))]
    channel = next((c for c in channels if text_of(c.get("channel")).upper() == "WHATSAPP"), None)
    if channel is None:
        mend = f"Add the channel WhatsApp with this number as its sender {_PLACE}."
        return CheckLine(name, False, "The app has no WhatsApp channel.", mend)
    state = dict_of(channel.get("state"))
    status = text_of(state.get("status")).upper()
    if status not in ("", "ACTIVE"):
        told = text_of(state.get("description"))
        message = f"The WhatsApp channel is {status.lower()}. {told}".strip()
        return CheckLine(name, False, message, f"Open the channel WhatsApp {_PLACE}.")
    sender, ours = _sender(channel), digits_of(settings.get("PHONE"))
    if sender and ours and sender != ours:
        message = f"The app's WhatsApp number is +{sender}, this account's is +{ours}."
        return CheckLine(name, False, message, "Correct the number here, or choose the right app.")
    shown = f"+{sender} is" if sender else "A WhatsApp sender is"
    return CheckLine(name, True, f"{shown} connected to the app.")


def _sender(channel):
    """The number, where the sender is named by it: an older one has a name of its own."""
    claimed = text_of(dict_of(channel.get("static_bearer")).get("claimed_identity"))
    for value in (claimed, text_of(channel.get("channel_known_id"))):
        digits = digits_of(value)
        if 8 <= len(digits) <= 15 and value.strip().lstrip("+") == digits:
            return digits
    return ""


def _webhook(api, credentials, settings):
    name, ours = "Webhook", text_of(settings.get("WEBHOOK_URL"))
    try:
        found = api.get(("apps", api.app_id, "webhooks"))
    except ProviderError as error:
        return CheckLine.refused(name, error)
    webhooks = [dict_of(webhook) for webhook in list_of(found.get("webhooks"))]
    webhook = next((w for w in webhooks if text_of(w.get("target")).strip() == ours), None)
    if webhook is None:
        mend = f"Add a webhook with this account's address and the webhook secret {_PLACE}."
        return CheckLine(name, False, "Sinch has no webhook with this account's address.", mend)
    given = {text_of(trigger) for trigger in list_of(webhook.get("triggers"))}
    missing = [trigger for trigger in TRIGGERS if trigger not in given]
    if missing:
        message = f"The webhook lacks triggers: {', '.join(missing)}."
        mend = f"Switch these triggers on at the webhook {_PLACE}."
        return CheckLine(name, False, message, mend, {"webhook": "incomplete"})
    return _webhook_secret(webhook, credentials)


def _webhook_secret(webhook, credentials):
    known = {credentials.get("webhook_secret"), credentials.get("webhook_secret_previous")}
    # Whether Sinch shows the secret is not documented: only what it shows can be wrong.
    if "secret" in webhook and text_of(webhook.get("secret")) not in known:
        message = "The webhook's secret at Sinch is not the one here: its events are refused."
        mend = f"Enter the same secret here and at the webhook {_PLACE}."
        return CheckLine("Webhook", False, message, mend, {"webhook": "wrong secret"})
    message = "Sinch sends this app's events here."
    return CheckLine("Webhook", True, message, facts={"webhook": "registered"})
