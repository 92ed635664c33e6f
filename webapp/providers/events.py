"""What a provider tells us: frozen events, each with the raw form it came in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class IdentityKind(StrEnum):
    WA_ID = "wa_id"
    PHONE = "phone"
    BSUID = "bsuid"
    PARENT_BSUID = "parent_bsuid"


class MessageKind(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    STICKER = "sticker"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    LOCATION = "location"
    CONTACTS = "contacts"
    BUTTON = "button"
    LIST_REPLY = "list_reply"
    BUTTON_REPLY = "button_reply"
    FLOW_REPLY = "flow_reply"
    REACTION = "reaction"
    ORDER = "order"
    SYSTEM = "system"
    EDIT = "edit"
    REVOKE = "revoke"
    UNSUPPORTED = "unsupported"
    TEMPLATE = "template"
    INTERACTIVE = "interactive"


class Source(StrEnum):
    """Where a message came to us from; only `live` ones may start anything."""

    LIVE = "live"
    APP = "app"
    HISTORY = "history"
    STANDBY = "standby"


class Receipt(StrEnum):
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


LOOK_UP = "LOOK-UP"  # the method of a stored body that we asked for instead of being sent it


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What a provider posted, called or, with the method LOOK_UP, answered when we asked."""

    method: str
    url: str
    headers: Mapping[str, str]  # keys in lower case
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    received_at: datetime | None = None  # stands in where the provider gives no readable time


@dataclass(frozen=True, slots=True)
class Identity:
    kind: IdentityKind
    value: str


Sender = tuple[Identity, ...]


@dataclass(frozen=True, slots=True)
class AccountRef:
    """The number (or the WABA, for account-level news) an event names."""

    phone_number_id: str | None = None
    waba_id: str | None = None
    display_phone: str | None = None  # digits only


@dataclass(frozen=True, slots=True)
class MediaRef:
    id: str
    mime_type: str = ""
    sha256: str = ""
    filename: str = ""
    url: str = ""
    voice: bool = False
    animated: bool = False


@dataclass(frozen=True, slots=True)
class ProviderFault:
    """Why the provider refused or failed something, in words for the people who see it."""

    code: str
    title: str = ""
    detail: str = ""
    permanent: bool = True
    reason: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    id: str
    account_ref: AccountRef
    identities: Sender
    kind: MessageKind
    sent_at: datetime
    raw: dict
    sender_name: str = ""
    username: str = ""
    text: str = ""
    content: dict = field(default_factory=dict)
    media: MediaRef | None = None
    reply_to: str | None = None
    group_id: str | None = None
    opens_window: bool = True
    forwarded: str = ""  # "", "forwarded" or "frequently"
    source: Source = Source.LIVE
    profile_ref: str = ""  # where this provider keeps the name it didn't send: profile_name(ref)


@dataclass(frozen=True, slots=True)
class Echo:
    """Something the business itself sent elsewhere; `identities` are the customer's."""

    id: str
    account_ref: AccountRef
    identities: Sender
    kind: MessageKind
    sent_at: datetime
    raw: dict
    source: Source
    text: str = ""
    content: dict = field(default_factory=dict)
    media: MediaRef | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    account_ref: AccountRef
    message_id: str
    recipient: str
    status: Receipt
    at: datetime
    raw: dict
    correlation_id: str | None = None
    error: ProviderFault | None = None
    recipient_identities: Sender = ()
    group: bool = False
    billing: dict | None = None


@dataclass(frozen=True, slots=True)
class TemplateUpdate:
    """`change["what"]`: status, quality, category, category_announced or components."""

    account_ref: AccountRef
    template_id: str
    name: str
    language: str
    change: dict
    at: datetime
    raw: dict


@dataclass(frozen=True, slots=True)
class AccountUpdate:
    account_ref: AccountRef
    kind: str
    detail: dict
    severity: Severity
    at: datetime
    raw: dict


@dataclass(frozen=True, slots=True)
class IdentityChange:
    account_ref: AccountRef
    old: Sender
    new: Sender
    at: datetime
    raw: dict


@dataclass(frozen=True, slots=True)
class NameChange:
    """What a customer is called now, learnt beside their messages."""

    account_ref: AccountRef
    identities: Sender
    name: str
    at: datetime
    raw: dict


@dataclass(frozen=True, slots=True)
class PreferenceChange:
    account_ref: AccountRef
    identities: Sender
    category: str
    value: str  # "stop" or "resume"
    at: datetime
    raw: dict


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Kept and not acted on. `harmless`: known and of no use to us, so no admin need look."""

    account_ref: AccountRef
    field: str
    reason: str
    raw: dict
    harmless: bool = False
