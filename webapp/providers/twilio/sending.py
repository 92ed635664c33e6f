"""What goes over the wire for each kind of message, and what the answer means.

twilio.com/docs/messaging/api/message-resource
"""

from collections.abc import Mapping
from urllib.parse import quote

import orjson

from ..base import (
    Buttons,
    Command,
    ListMenu,
    LocationMessage,
    MediaMessage,
    MessageKind,
    OutcomeUnknown,
    ProviderError,
    Sent,
    TemplateMessage,
    Text,
)
from ..reading import clean, dict_of, text_of
from . import interactive
from .addresses import PREFIX, address_of, person_at
from .api import Api
from .errors import failure

# The fragment of a webhook's address: five repeats, after whatever went wrong. Without it Twilio
# repeats nothing that was answered with an error.
# twilio.com/docs/usage/webhooks/webhooks-connection-overrides
OVERRIDES = "#rc=5&rp=all"
CORRELATION = "c"
CAPTIONED = {MessageKind.IMAGE, MessageKind.VIDEO}
FAILED = {"failed", "undelivered", "canceled"}
NO_SUCH_CONTENT = {"21654", "21655", "20404"}


def send(api: Api, settings: Mapping, command: Command, correlation_id: str) -> Sent:
    fields = {
        **_addresses(settings, command),
        **_content(api, command),
        **_callback(settings, correlation_id),
    }
    try:
        answer = api.post_form(api.messages_url(), fields)
    except ProviderError as error:
        raise _second_thoughts(error, command, fields) from error
    return _sent(answer)


def _addresses(settings, command):
    phone, to = settings.get("PHONE"), address_of(command.to)
    if not phone:
        raise ProviderError(
            "This account has no number to write from", permanent=True, account_wide=True,
            action="An admin enters the number of this account.",
        )  # fmt: skip
    if not to:
        raise ProviderError("This person has no number and no WhatsApp id", permanent=True)
    return {"From": f"{PREFIX}+{phone}", "To": to}


def _callback(settings, correlation_id):
    """The receipts' address carries our own id: the answer with Twilio's may be lost."""
    url = settings.get("WEBHOOK_URL")
    if not url:
        return {}
    return {"StatusCallback": f"{url}?{CORRELATION}={quote(correlation_id, safe='')}{OVERRIDES}"}


def _content(api, command):
    match command:
        case Text():
            return {"Body": command.body}
        case MediaMessage():
            return _file(command)
        case LocationMessage():
            return _location(command)
        case Buttons() | ListMenu():
            return {"ContentSid": interactive.content_for(api, command)}
        case TemplateMessage():
            return _template(command)
    raise ProviderError("Twilio does not send this kind of message", permanent=True)


def _file(command):
    """Twilio fetches the file; WhatsApp has captions, at Twilio only pictures and videos keep one:
    twilio.com/docs/whatsapp/guidance-whatsapp-media-messages"""
    fields = {"MediaUrl": command.file.url}
    if command.caption and command.kind in CAPTIONED:
        fields["Body"] = command.caption
    return fields


def _location(command):
    place = f"{_degrees(command.latitude)},{_degrees(command.longitude)}"
    name = (command.name or command.address).replace("|", " ")
    words = ", ".join(part for part in (command.name, command.address) if part)
    return {
        "PersistentAction": f"geo:{place}|{name}" if name else f"geo:{place}",
        "Body": words or place,
    }


def _degrees(number):
    """To a centimetre, and never as 1e-05."""
    return f"{number:.7f}".rstrip("0").rstrip(".")


def _template(command):
    """Twilio's variables are one row: those of the heading first, then the text's, then those of
    buttons; one that has a name keeps it."""
    if command.header_file is not None:
        raise ProviderError(
            "A Twilio template brings its own file, or takes its address as a variable",
            permanent=True,
        )
    given = [(p.name, p.value) for p in (*command.header_text, *command.body)]
    given += [("", button.value) for button in command.buttons if button.kind != "quick_reply"]
    variables = {
        name or str(number): " ".join(value.split())  # WhatsApp refuses line ends and wide gaps
        for number, (name, value) in enumerate(given, start=1)
    }
    if not all(variables.values()):
        raise ProviderError(
            "A variable of the template is empty", permanent=True, action="Fill in every variable."
        )
    fields = {"ContentSid": command.name}
    if variables:
        fields["ContentVariables"] = orjson.dumps(clean(variables)).decode()
    return fields


def _second_thoughts(error, command, fields):
    """A content somebody has deleted since is made again: the next attempt begins anew."""
    if not isinstance(command, Buttons | ListMenu) or error.code not in NO_SUCH_CONTENT:
        return error
    interactive.forget(fields["ContentSid"])
    return ProviderError(error.reason, False, error.code, 1, raw=error.raw, max_attempts=2)


def _sent(answer):
    data = dict_of(clean(answer.data))
    sid, code = text_of(data.get("sid")), data.get("error_code")
    if text_of(data.get("status")).lower() in FAILED:
        raise failure(code, data.get("error_message"), data)
    if not sid:
        raise OutcomeUnknown(f"Twilio answered HTTP {answer.status} without a message id")
    return Sent(sid, person_at(data.get("to")))
