"""What we send: V1's form fields, and V2's JSON round a message in Meta's words.

V1: developers.kaleyra.io/docs/send-a-text-message-through-whatsapp, …/send-a-media-message-through-
whatsapp, …/post-send-whatsapp-location, …/share-contact-information, …/reply-button-api,
…/list-message-api, …/message-template2, …/dynamic-url
"""

import hmac
import re
from dataclasses import replace
from functools import singledispatch
from urllib.parse import urlencode

import orjson

from ..base import ProviderError, Sent
from ..commands import (
    Buttons,
    Command,
    ContactsMessage,
    ListMenu,
    LocationMessage,
    MediaMessage,
    Reaction,
    Recipient,
    TemplateMessage,
    Text,
)
from ..http import Answer
from ..meta.sending import file_of, message_body
from ..request import Request
from .api import V2, Api, accepted_id
from .identifiers import kaleyra_id

_UNWRITABLE = re.compile(r" *[\r\n\t]\s*| {5,}")  # WhatsApp refuses both in a template's variable
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)


def send(api: Api, command: Command, correlation_id: str, secret: str | None = None) -> Sent:
    file = file_of(command)
    if file is None or api.version == V2:
        return outcome_of(api.http.ask(request_for(api, command, correlation_id, secret)))
    fields = _v1_fields(api, command, correlation_id, secret)
    with file.open() as content:
        files = {"media": (file.filename or "file", content, file.mime_type)}
        return outcome_of(api.post_files(fields, files))


def request_for(api: Api, command: Command, correlation_id: str, secret: str | None) -> Request:
    """A file is named by its address here: with V1 an upload is part of each single message."""
    if api.version == V2:
        return api.json(_v2_payload(api, command, correlation_id))
    fields = _v1_fields(api, command, correlation_id, secret)
    file = file_of(command)
    return api.form(fields | ({"media_url": file.url} if file else {}))


def outcome_of(answer: Answer) -> Sent:
    return Sent(kaleyra_id(accepted_id(answer)))


def _v1_fields(api, command, correlation_id, secret):
    said = _fields(command)
    return {
        "channel": "whatsapp",
        "from": _from(api),
        "to": _to(command.to),
        **{name: value for name, value in said.items() if value != ""},
        **_receipts(api, correlation_id, secret),
        "ref": correlation_id,
    }


def _v2_payload(api, command, correlation_id):
    extra = {"ref": correlation_id, "ref1": "", "ref2": ""}
    profile = api.credentials.get("callback_profile_id")
    message = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": _to(command.to),
        **message_body(_answering(command)),
    }
    _from(api)
    return {
        "messaging_object": message,
        "extra_info": {**extra, **({"callback_profile_id": profile} if profile else {})},
    }


def _answering(command):
    """Quotes and reactions name a customer's message by WhatsApp's id. Of ours only Kaleyra's is
    known, of those that came by V1 perhaps none: then the text goes without its quote."""
    if isinstance(command, Reaction) and not _is_whatsapps(command.message_id):
        raise ProviderError("WhatsApp's id of that message is not known", permanent=True)
    quoted = getattr(command, "reply_to", None)
    return replace(command, reply_to=None) if quoted and not _is_whatsapps(quoted) else command


def _is_whatsapps(message_id):
    return message_id.startswith("wamid.")


def _from(api):
    if not api.number:
        raise ProviderError(
            "The account has no WhatsApp number",
            permanent=True,
            action="An admin fills in the number of this account.",
            account_wide=True,
        )
    return f"+{api.number}"


def _to(recipient: Recipient):
    if not recipient.phone:
        raise ProviderError("Kaleyra writes to phone numbers only", permanent=True)
    return f"+{recipient.phone.lstrip('+')}"


def _receipts(api, correlation_id, secret):
    """Where receipts go: to a callback profile, or to our address with what proves it is ours."""
    profile = api.credentials.get("callback_profile_id")
    if profile:
        return {"callback_profile_id": profile}
    address = api.settings.get("WEBHOOK_URL")
    if not address:
        return {}
    query = {"ref": correlation_id}
    if secret:
        query["proof"] = proof_of(secret, correlation_id)
    return {"callback_url": f"{address}?{urlencode(query)}"}


def proof_of(secret: str, correlation_id: str) -> str:
    """Kaleyra calls this address without the header of a profile: it carries a proof instead."""
    return hmac.new(secret.encode(), correlation_id.encode(), "sha256").hexdigest()


@singledispatch
def _fields(command) -> dict:
    raise ProviderError("Kaleyra does not send this kind of message", permanent=True)


@_fields.register
def _text(command: Text):
    shows_link = command.preview_url and _ADDRESS.search(command.body)
    return {"type": "text", "body": command.body, "preview_url": "true" if shows_link else ""}


@_fields.register
def _media(command: MediaMessage):
    return {"type": "media", "caption": command.caption}


@_fields.register
def _location(command: LocationMessage):
    latitude, longitude = f"{command.latitude:.7f}", f"{command.longitude:.7f}"
    return {
        "type": "location",
        "param_lat": latitude,
        "param_long": longitude,
        "param_name": command.name,
        "param_address": command.address,
        # Some pages call them so (unconfirmed).
        "latitude": latitude,
        "longitude": longitude,
        "name": command.name,
        "address": command.address,
    }


@_fields.register
def _contacts(command: ContactsMessage):
    """One card stands alone in all samples; several go as an array (unconfirmed)."""
    cards = message_body(command)["contacts"]
    return {"type": "contacts", "param_contacts": _json(cards if len(cards) > 1 else cards[0])}


@_fields.register(Buttons)
@_fields.register(ListMenu)
def _interactive(command):
    action = message_body(command)["interactive"]["action"]
    return {
        "type": "interactive",
        "body": command.body,
        "footer": command.footer,
        "action": _json(action),
    }


def _json(value):
    return orjson.dumps(value).decode()


@_fields.register
def _template(command: TemplateMessage):
    named = {"template_name": command.name, "lang_code": command.language}
    code = next(
        (button.value for button in command.buttons if button.kind in ("otp", "code")), None
    )
    if code is not None:
        return {"type": "authenticationtemplate", **named, "verification_code": code}
    header = [_writable(parameter.value) for parameter in command.header_text]
    return {
        "type": "mediatemplate" if command.header_file or header else "template",
        **named,
        "params": params_of(parameter.value for parameter in command.body),
        "param_header": header[0] if header else "",
        **_buttons(command.buttons),
    }


def params_of(values) -> str:
    """Quoted always: bare ones part at their commas. How to escape a quote is documented nowhere,
    so it becomes a typographic one."""
    return ",".join(f'"{_writable(value).replace(chr(34), "”")}"' for value in values)


def _writable(value):
    return _UNWRITABLE.sub(" ", value).strip()


def _buttons(buttons):
    """One variable link; quick replies are numbered by their place among the buttons."""
    link = next((button.value for button in buttons if button.kind == "url"), "")
    payloads = {
        f"payload{button.index + 1}": button.value
        for button in buttons
        if button.kind == "quick_reply" and button.index < 3
    }
    return {"param_url": link, **payloads}
