"""What we send as the Conversation API wants it: `message`, one of whose keys tells the kind.

developers.sinch.com/docs/conversation/message-types and …/channel-support/whatsapp/message-support
"""

from collections.abc import Callable

from ..base import (
    Buttons,
    Command,
    ContactsMessage,
    ListMenu,
    LocationMessage,
    MediaMessage,
    ProviderError,
    Recipient,
    TemplateButton,
    TemplateMessage,
    Text,
)
from .choices import postback_of

CHANNEL = "WHATSAPP"
# The service window's length: what could not be delivered until then makes sense no more.
TIME_TO_LIVE = "86400s"


def request_of(app_id: str, command: Command, correlation_id: str) -> dict:
    return {
        "app_id": app_id,
        "recipient": _recipient(command.to),
        "message": message_of(command),
        "channel_priority_order": [CHANNEL],
        "message_metadata": correlation_id,
        "ttl": TIME_TO_LIVE,
    }


def message_of(command: Command) -> dict:
    build = _BUILDERS.get(type(command))
    if build is None:
        raise _refused("Sinch does not send this kind of message")
    return build(command)


def _recipient(to: Recipient):
    if not to.phone:
        raise _refused("This person has no WhatsApp number, which Sinch needs")
    identity = {"channel": CHANNEL, "identity": to.phone.lstrip("+")}
    return {"identified_by": {"channel_identities": [identity]}}


def _text(command: Text):
    return {"text_message": {"text": command.body}}


def _media(command: MediaMessage):
    """No caption: `media_message` has no place for one, a card is not promised to look like one,
    and a second message would leave one of our messages with two ids and two fates."""
    media = {"url": command.file.url}
    if command.kind == "document" and command.file.filename:
        media["filename_override"] = command.file.filename
    return {"media_message": media}


def _location(command: LocationMessage):
    place = {"latitude": command.latitude, "longitude": command.longitude}
    # A title is required.
    title = command.name or command.address or f"{command.latitude}, {command.longitude}"
    location = {"title": title, "coordinates": place}
    if command.address:
        location["label"] = command.address
    return {"location_message": location}


def _contact(command: ContactsMessage):
    if len(command.cards) != 1:
        raise _refused("Sinch sends one contact at a time", "Send each as its own message.")
    (card,) = command.cards
    if not card.phones:
        raise _refused("A contact without a number can't be sent", "Write it as text instead.")
    contact = {
        "name": {"full_name": card.name},
        "phone_numbers": [
            {"phone_number": f"+{phone.lstrip('+')}", "type": "Mobile"} for phone in card.phones
        ],
    }
    if card.emails:
        contact["email_addresses"] = [{"email_address": email} for email in card.emails]
    if card.organization:
        contact["organization"] = {"company": card.organization}
    return {"contact_info_message": contact}


def _buttons(command: Buttons):
    message = {
        "text_message": {"text": command.body},
        "choices": [
            {"text_message": {"text": choice.title}, "postback_data": postback_of(choice)}
            for choice in command.choices
        ],
    }
    if command.footer:
        message["message_properties"] = {"whatsapp_footer": command.footer}
    return {"choice_message": message}


def _list(command: ListMenu):
    message = {
        "title": command.body,  # the text; a header would be a property of its own
        "sections": [
            {"title": section.title, "items": [_row(choice) for choice in section.choices]}
            for section in command.sections
        ],
        "message_properties": {"menu": command.button},
    }
    if command.footer:
        message["description"] = command.footer
    return {"list_message": message}


def _row(choice):
    row = {"title": choice.title, "postback_data": postback_of(choice)}
    if choice.description:
        row["description"] = choice.description
    return {"choice": row}


def _template(command: TemplateMessage):
    template = {"template_id": command.name, "language_code": command.language.replace("-", "_")}
    parameters = _parameters(command)
    if parameters:
        template["parameters"] = parameters
    return {"template_message": {"channel_template": {CHANNEL: template}}}


def _parameters(command):
    """developers.sinch.com/docs/conversation/channel-support/whatsapp/template-support: counted
    from 1, buttons from 0; a variable's name plays no part."""
    found = {}
    for number, parameter in enumerate(command.header_text, 1):
        found[f"header[{number}]text"] = parameter.value
    if command.header_file and command.header_kind:
        kind = command.header_kind.value
        found[f"header[1]{kind}.link"] = command.header_file.url
        if kind == "document" and command.header_file.filename:
            found["header[1]document.filename"] = command.header_file.filename
    for number, parameter in enumerate(command.body, 1):
        found[f"body[{number}]text"] = parameter.value
    return found | {_button_key(button): button.value for button in command.buttons}


def _button_key(button: TemplateButton):
    ending = _BUTTONS.get(button.kind)
    if ending is None:
        raise _refused("Sinch does not take a value for this kind of button")
    return f"button[{button.index}]{ending}"


def _refused(reason, action=""):
    return ProviderError(reason, permanent=True, action=action)


_BUTTONS = {
    "url": "url[1]text",
    "quick_reply": "quick_reply[1]payload",
    "code": "copy_code[1]coupon_code",  # by analogy with WhatsApp's own names, not documented
}
_BUILDERS: dict[type, Callable[..., dict]] = {
    Text: _text,
    MediaMessage: _media,
    LocationMessage: _location,
    ContactsMessage: _contact,
    Buttons: _buttons,
    ListMenu: _list,
    TemplateMessage: _template,
}
