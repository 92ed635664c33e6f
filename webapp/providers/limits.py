"""What WhatsApp takes of each kind of message: refused here with a sentence, before the call.

A provider gives its own bounds in `can`; what buttons, lists, cards and templates may hold is
WhatsApp's, whoever carries it.
developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

import re
from functools import singledispatch

from .base import (
    Buttons,
    Capabilities,
    Command,
    ContactsMessage,
    ListMenu,
    LocationMessage,
    MediaMessage,
    MessageKind,
    OutgoingFile,
    ProviderError,
    Reaction,
    TemplateMessage,
    Text,
)

MOST_BUTTONS, MOST_ROWS, MOST_SECTIONS, MOST_CARDS = 3, 10, 10, 257
BUTTON_TITLE, BUTTON_ID = 20, 256
ROW_TITLE, ROW_ID, ROW_DESCRIPTION = 24, 200, 72
BUTTONS_BODY, LIST_BODY, FOOTER = 1024, 4096, 60
TEMPLATE_VALUE = 1024
HEADER_KINDS = (MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.DOCUMENT)
FILES = {
    MessageKind.IMAGE: "An image",
    MessageKind.STICKER: "A sticker",
    MessageKind.VIDEO: "A video",
    MessageKind.AUDIO: "An audio file",
    MessageKind.VOICE: "A voice note",
    MessageKind.DOCUMENT: "A document",
}


def check(command: Command, can: Capabilities) -> None:
    """Raise ProviderError, permanent, with the first reason why this cannot be sent."""
    try:
        _check(command, can)
    except ValueError as error:
        raise ProviderError(
            str(error), permanent=True, action="Change it and send again."
        ) from error


@singledispatch
def _check(command, can):
    raise ValueError("This kind of message cannot be sent")


@_check.register
def _text(command: Text, can):
    _needs(can, MessageKind.TEXT)
    _within("A message", command.body, can.max_text)


@_check.register
def _media(command: MediaMessage, can):
    _needs(can, command.kind)
    _file(command.kind, command.file, can)
    if command.caption and command.kind not in can.captions:
        raise ValueError(f"{FILES[command.kind]} cannot carry a text")
    _within("A caption", command.caption, can.max_caption, empty_ok=True)


@_check.register
def _location(command: LocationMessage, can):
    _needs(can, MessageKind.LOCATION)
    if not (-90 <= command.latitude <= 90 and -180 <= command.longitude <= 180):
        raise ValueError("There is no such place on earth")


@_check.register
def _contacts(command: ContactsMessage, can):
    _needs(can, MessageKind.CONTACTS)
    if not 1 <= len(command.cards) <= MOST_CARDS:
        raise ValueError(f"WhatsApp takes 1 to {MOST_CARDS} contacts in one message")
    if not all(card.name.strip() for card in command.cards):
        raise ValueError("Each contact needs a name")


@_check.register
def _reaction(command: Reaction, can):
    _needs(can, MessageKind.REACTION)
    if not command.message_id:
        raise ValueError("A reaction needs the message it belongs to")


@_check.register
def _buttons(command: Buttons, can):
    _needs(can, MessageKind.INTERACTIVE)
    if not 1 <= len(command.choices) <= MOST_BUTTONS:
        raise ValueError(f"WhatsApp takes 1 to {MOST_BUTTONS} buttons")
    _frame(command, BUTTONS_BODY)
    _choices("button", command.choices, BUTTON_TITLE, BUTTON_ID)
    if len({choice.title for choice in command.choices}) < len(command.choices):
        raise ValueError("Two buttons have the same text")


@_check.register
def _list_menu(command: ListMenu, can):
    _needs(can, MessageKind.INTERACTIVE)
    _frame(command, LIST_BODY)
    _within("A list's button", command.button, BUTTON_TITLE)
    sections = command.sections
    if not 1 <= len(sections) <= MOST_SECTIONS:
        raise ValueError(f"WhatsApp takes 1 to {MOST_SECTIONS} sections in a list")
    for section in sections:
        _within("A section's title", section.title, ROW_TITLE, empty_ok=len(sections) == 1)
        if not section.choices:
            raise ValueError("A section of a list needs a line at least")
    rows = [choice for section in sections for choice in section.choices]
    if len(rows) > MOST_ROWS:
        raise ValueError(f"WhatsApp takes up to {MOST_ROWS} lines in a list; this has {len(rows)}")
    _choices("line", rows, ROW_TITLE, ROW_ID)
    for row in rows:
        _within("A line's description", row.description, ROW_DESCRIPTION, empty_ok=True)


@_check.register
def _template(command: TemplateMessage, can):
    if not can.templates:
        raise ValueError("Templates cannot be sent from this account")
    if not command.name or not command.language:
        raise ValueError("A template needs its name and its language")
    for parameter in (*command.header_text, *command.body):
        _template_value(parameter.value)
    if command.header_file is not None:
        if command.header_kind not in HEADER_KINDS:
            raise ValueError("A template's header takes an image, a video or a document")
        _file(command.header_kind, command.header_file, can)


def _template_value(value):
    _within("A template's variable", value, TEMPLATE_VALUE)
    if re.search(r"[\n\r\t]| {5}", value):
        raise ValueError("A template's variable takes no new lines, tabs or long gaps")


def _file(kind, file: OutgoingFile, can):
    rule = can.files.get(kind)
    if rule is None:
        return
    mime_type = base_type(file.mime_type)
    if rule.types and mime_type not in rule.types:
        taken = ", ".join(sorted(rule.types))
        raise ValueError(f"{FILES[kind]} of the type {mime_type} is not taken; these are: {taken}")
    if file.size > rule.max_bytes:
        most, has = _in_words(rule.max_bytes), _in_words(file.size)
        raise ValueError(f"{FILES[kind]} may have up to {most}; this has {has}")


def base_type(mime_type: str) -> str:
    """Without its parameters: "audio/ogg; codecs=opus" is an "audio/ogg"."""
    return mime_type.partition(";")[0].strip().lower()


def _frame(command, longest_body):
    _within("A message", command.body, longest_body)
    _within("A footer", command.footer, FOOTER, empty_ok=True)


def _choices(what, choices, longest_title, longest_id):
    for choice in choices:
        _within(f"A {what}", choice.title, longest_title)
        _within(f"A {what}'s id", choice.id, longest_id)
    if len({choice.id for choice in choices}) < len(choices):
        raise ValueError(f"Two {what}s have the same id")


def _needs(can, kind):
    if kind not in can.kinds:
        raise ValueError("This kind of message cannot be sent from this account")


def _within(what, text, most, empty_ok=False):
    if not text.strip() and not empty_ok:
        raise ValueError(f"{what} may not be empty")
    if len(text) > most:
        raise ValueError(f"{what} may have up to {most:,} characters; this has {len(text):,}")


def _in_words(size):
    megabytes = size / 1024 / 1024
    return f"{megabytes:.3g} MB" if megabytes >= 1 else f"{size / 1024:.0f} KB"
