"""What we send, in Meta's words; Kaleyra's newer interface speaks them too.

developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

from dataclasses import replace
from functools import singledispatch

from ..base import (
    Buttons,
    Command,
    ContactsMessage,
    ListMenu,
    LocationMessage,
    MediaMessage,
    MessageKind,
    OutgoingFile,
    ProviderError,
    Reaction,
    TemplateButton,
    TemplateMessage,
    Text,
)

UNNAMED_FILE = "file"


def message_body(command: Command) -> dict:
    """`{"type": …, <type>: …, "context": …}`; a file that was not uploaded is fetched from its
    address by the provider."""
    file = file_of(command)
    kind, content = _said(command, file and _named(file))
    body = {"type": kind, kind: content}
    if getattr(command, "reply_to", None):
        body["context"] = {"message_id": command.reply_to}
    return body


def file_of(command: Command):
    """The file that has to reach the provider along with the message, if there is one."""
    if isinstance(command, MediaMessage):
        return command.file
    return command.header_file if isinstance(command, TemplateMessage) else None


def with_file(command: Command, file: OutgoingFile) -> Command:
    where = "file" if isinstance(command, MediaMessage) else "header_file"
    return replace(command, **{where: file})


def _named(file):
    return {"id": file.media_id} if file.media_id else {"link": file.url}


@singledispatch
def _said(command, file):
    """The type and its content."""
    raise ProviderError("WhatsApp does not send this kind of message", permanent=True)


@_said.register
def _text(command: Text, file):
    return "text", {"body": command.body, "preview_url": command.preview_url}


@_said.register
def _media(command: MediaMessage, file):
    content = dict(file)
    if command.kind == MessageKind.VOICE:
        # Without it OGG arrives as a file to download instead of a voice message to play.
        return "audio", {**content, "voice": True}
    if command.kind == MessageKind.DOCUMENT:
        content["filename"] = command.file.filename or UNNAMED_FILE
    if command.caption:
        content["caption"] = command.caption
    return str(command.kind), content


@_said.register
def _location(command: LocationMessage, file):
    place = {"latitude": command.latitude, "longitude": command.longitude}
    return "location", place | _given(name=command.name, address=command.address)


@_said.register
def _contacts(command: ContactsMessage, file):
    return "contacts", [_card(card) for card in command.cards]


def _card(card):
    # At least one part besides the whole name is required.
    shown = {
        "name": {"formatted_name": card.name, "first_name": card.name},
        "phones": [{"phone": f"+{phone}", "wa_id": phone} for phone in card.phones],
        "emails": [{"email": email} for email in card.emails],
        "org": _given(company=card.organization),
    }
    return {name: value for name, value in shown.items() if value}


@_said.register
def _reaction(command: Reaction, file):
    return "reaction", {"message_id": command.message_id, "emoji": command.emoji}


@_said.register
def _buttons(command: Buttons, file):
    buttons = [
        {"type": "reply", "reply": {"id": choice.id, "title": choice.title}}
        for choice in command.choices
    ]
    return "interactive", _interactive("button", command, {"buttons": buttons})


@_said.register
def _list_menu(command: ListMenu, file):
    sections = [
        {**_given(title=section.title), "rows": [_row(choice) for choice in section.choices]}
        for section in command.sections
    ]
    return "interactive", _interactive(
        "list", command, {"button": command.button, "sections": sections}
    )


def _row(choice):
    return {"id": choice.id, "title": choice.title} | _given(description=choice.description)


def _interactive(kind, command, action):
    shown = {"type": kind, "body": {"text": command.body}, "action": action}
    return shown | ({"footer": {"text": command.footer}} if command.footer else {})


@_said.register
def _template(command: TemplateMessage, file):
    components = [*_header(command, file), *_body(command), *map(_button, command.buttons)]
    template = {"name": command.name, "language": {"code": command.language}}
    return "template", template | ({"components": components} if components else {})


def _header(command, file):
    if command.header_file is not None:
        kind = str(command.header_kind)
        shown = dict(file)
        if command.header_kind == MessageKind.DOCUMENT:
            shown["filename"] = command.header_file.filename or UNNAMED_FILE
        yield {"type": "header", "parameters": [{"type": kind, kind: shown}]}
    elif command.header_place is not None:
        place = command.header_place
        where = {"latitude": place.latitude, "longitude": place.longitude}
        where |= _given(name=place.name, address=place.address)
        yield {"type": "header", "parameters": [{"type": "location", "location": where}]}
    elif command.header_text:
        yield {"type": "header", "parameters": [_parameter(value) for value in command.header_text]}


def _body(command):
    if command.body:
        yield {"type": "body", "parameters": [_parameter(value) for value in command.body]}


def _parameter(parameter):
    return {"type": "text", **_given(parameter_name=parameter.name), "text": parameter.value}


def _button(button: TemplateButton):
    sub_type, parameter = {
        "url": ("url", {"type": "text", "text": button.value}),
        "quick_reply": ("quick_reply", {"type": "payload", "payload": button.value}),
        # Meta's button that copies a code is a link to it.
        "otp": ("url", {"type": "text", "text": button.value}),
        "code": ("copy_code", {"type": "coupon_code", "coupon_code": button.value}),
    }[button.kind]
    return {
        "type": "button",
        "sub_type": sub_type,
        "index": str(button.index),
        "parameters": [parameter],
    }


def _given(**values):
    return {name: value for name, value in values.items() if value}
