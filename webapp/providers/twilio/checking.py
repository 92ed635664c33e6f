""" "Test connection": asks Twilio about each part of the set-up and says how to mend it."""

from ..base import CheckLine, ProviderError
from ..reading import dict_of, list_of, text_of
from .addresses import phone_of
from .api import Api
from .sending import OVERRIDES

PAGE = 100
MOST_PAGES = 20
ONLINE = {"ONLINE", "ONLINE:UPDATING"}
_TROUBLED = {
    "CREATING": "The sender is still being made",
    "DRAFT": "The sender's registration was not finished",
    "OFFLINE": "The sender is offline",
    "PENDING_VERIFICATION": "The sender waits for its number to be verified",
    "STUBBED": "The sender is a mere entry without WhatsApp behind it",
    "TWILIO_REVIEW": "Twilio is still reviewing the sender",
    "VERIFYING": "The sender's number is being verified",
}
SENDERS = "Twilio Console, Messaging, Senders, WhatsApp senders"


def check(api: Api, settings) -> list[CheckLine]:
    first = _account(api)
    if not first.ok:
        return [first]
    name = "Sender"
    if not settings.get("PHONE"):
        message = "This account has no number here to look for at Twilio."
        return [first, CheckLine(name, None, message, "Enter the account's number.")]
    try:
        sender = _sender(api, settings["PHONE"])
    except ProviderError as error:
        return [first, _not_told(error)]
    if sender is None:
        return [first, _no_sender(settings["PHONE"])]
    return [first, _state(sender), *_webhooks(sender, settings.get("WEBHOOK_URL", ""))]


def _account(api):
    name = "Account"
    try:
        account = api.get(api.account_url())
    except ProviderError as error:
        detail = text_of(error.raw.get("detail"))
        message = f"{error.reason}. {detail}".strip()
        ok = False if error.permanent else None
        action = error.action or "Try again in a few minutes."
        return CheckLine(name, ok, message, action, auth=error.auth)
    status = text_of(account.get("status")).lower()
    if status and status != "active":
        return CheckLine(
            name,
            False,
            f"The login is right, but Twilio says the account is {status}.",
            "Open the Twilio Console, where a notice says how to have the account opened again.",
            auth=True,
        )
    shown = text_of(account.get("friendly_name"))
    trial = " It is a trial account: it reaches verified numbers only."
    message = f"Twilio knows the account {shown}".strip() + "."
    message += trial if text_of(account.get("type")).lower() == "trial" else ""
    return CheckLine(name, True, message)


def _sender(api, phone):
    """By paging: the list can't be asked for one number."""
    page = api.get(f"{api.messaging}/v2/Channels/Senders", Channel="whatsapp", PageSize=PAGE)
    for _ in range(MOST_PAGES):
        for sender in map(dict_of, list_of(page.get("senders"))):
            if phone_of(sender.get("sender_id")) == phone:
                return sender
        following = api.follow(dict_of(page.get("meta")).get("next_page_url"))
        if following is None:
            return None
        page = api.get(following)
    return None


def _not_told(error):
    # The Senders API is in beta, and closed to some accounts: that proves nothing about the number.
    return CheckLine(
        "Sender",
        None,
        f"Twilio would not say whether the number is one of its WhatsApp senders: {error.reason}.",
        f"Look there yourself: {SENDERS}. The webhook URL stands on the sender's page.",
    )


def _no_sender(phone):
    return CheckLine(
        "Sender",
        False,
        f"+{phone} is not among this Twilio account's WhatsApp senders.",
        f"Compare the number with {SENDERS}; a sender of a subaccount needs the subaccount's "
        "SID and token. Twilio's own sandbox number is never listed.",
    )


def _state(sender):
    name, status = "Sender", text_of(sender.get("status")).upper()
    if status not in ONLINE:
        message = _TROUBLED.get(status, f"Twilio says the sender is {status.lower()}")
        reasons = [text_of(dict_of(one).get("message")) for one in _offline_reasons(sender)]
        message = ". ".join(part.rstrip(".") for part in (message, *reasons) if part) + "."
        return CheckLine(name, False, message, f"Open the sender: {SENDERS}.", _facts(sender))
    shown = text_of(dict_of(sender.get("profile")).get("name"))
    message = f"The number is online as {shown}." if shown else "The number is online."
    return CheckLine(name, True, message, facts=_facts(sender))


def _offline_reasons(sender):
    return list_of(sender.get("offline_reasons"))


def _facts(sender):
    properties = dict_of(sender.get("properties"))
    found = {
        "quality": text_of(properties.get("quality_rating")),
        "messaging_limit": text_of(properties.get("messaging_limit")),
    }
    return {name: value for name, value in found.items() if value}


def _webhooks(sender, ours):
    webhook = dict_of(sender.get("webhook"))
    yield _incoming(text_of(webhook.get("callback_url")), ours)
    told = text_of(webhook.get("status_callback_url"))
    if told and told.partition("#")[0] != ours:
        message = "Receipts come here: each message names this server, whatever the sender says."
        yield CheckLine("Receipts", True, message)
    else:
        yield CheckLine("Receipts", True, "Receipts come here.")


def _incoming(configured, ours):
    name, wanted = "Webhook", ours + OVERRIDES
    facts = {"webhook": configured.partition("#")[0].rpartition("/")[0]} if configured else {}
    if configured == wanted:
        return CheckLine(name, True, "Twilio sends this number's messages here.", facts=facts)
    where = f"Paste it into “Webhook URL for incoming messages” of the sender: {SENDERS}."
    if not configured:
        return CheckLine(name, False, "Twilio sends this number's messages nowhere.", where)
    if configured.partition("#")[0] == ours:
        message = f"The webhook URL lacks its end {OVERRIDES}: Twilio would not repeat a message."
        return CheckLine(name, False, message, where, facts)
    message = "Twilio sends this number's messages to another address."
    return CheckLine(name, False, message, where, facts)
