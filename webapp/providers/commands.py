"""What we ask a provider to send."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from .events import MessageKind


@dataclass(frozen=True, slots=True)
class Recipient:
    phone: str | None = None  # E.164 digits without "+"
    bsuid: str | None = None


# Commands. `reply_to` is the provider's id of the quoted message; a provider whose `can.quotes` is
# false leaves it out.


@dataclass(frozen=True, slots=True)
class Text:
    to: Recipient
    body: str
    reply_to: str | None = None
    preview_url: bool = True


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file of ours: uploaded by `open()`, or fetched by the provider from the expiring `url`."""

    open: Callable[[], BinaryIO]
    url: str
    mime_type: str
    size: int
    filename: str = ""
    media_id: str = ""  # the provider's, where it was uploaded before


@dataclass(frozen=True, slots=True)
class MediaMessage:
    to: Recipient
    kind: MessageKind  # image, video, audio, voice, document or sticker
    file: OutgoingFile
    caption: str = ""
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class LocationMessage:
    to: Recipient
    latitude: float
    longitude: float
    name: str = ""
    address: str = ""
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class ContactCard:
    name: str
    phones: tuple[str, ...] = ()  # E.164 digits without "+"
    emails: tuple[str, ...] = ()
    organization: str = ""


@dataclass(frozen=True, slots=True)
class ContactsMessage:
    to: Recipient
    cards: tuple[ContactCard, ...]
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    to: Recipient
    message_id: str
    emoji: str  # empty: taken back


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    title: str
    description: str = ""  # in lists only


@dataclass(frozen=True, slots=True)
class Buttons:
    """Up to three reply buttons under a text."""

    to: Recipient
    body: str
    choices: tuple[Choice, ...]
    footer: str = ""
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ListMenu:
    """A list of up to ten choices behind one button."""

    to: Recipient
    body: str
    button: str
    sections: tuple[Section, ...]
    footer: str = ""
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A template variable's value; `name` only where the template's variables have names."""

    value: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class TemplateButton:
    index: int  # from 0
    # "url": the variable end of the address; "quick_reply": the payload; "code": a coupon's;
    # "otp": the code of an authentication template, once more
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Place:
    """What a template's header shows on a map."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class TemplateMessage:
    """An approved template; at Twilio `name` is its content's id (HX…)."""

    to: Recipient
    name: str
    language: str
    body: tuple[Parameter, ...] = ()
    header_text: tuple[Parameter, ...] = ()
    header_file: OutgoingFile | None = None
    header_kind: MessageKind | None = None  # image, video or document, with header_file
    header_place: Place | None = None
    buttons: tuple[TemplateButton, ...] = ()


Command = (
    Text
    | MediaMessage
    | LocationMessage
    | ContactsMessage
    | Reaction
    | Buttons
    | ListMenu
    | TemplateMessage
)
