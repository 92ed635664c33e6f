"""What every provider speaks: events in, commands out, and the faults in between."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO


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


@dataclass(frozen=True, slots=True)
class WebhookRequest:
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


@dataclass(frozen=True, slots=True)
class Recipient:
    phone: str | None = None  # E.164 digits without "+"
    bsuid: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    to: Recipient
    body: str
    reply_to: str | None = None
    preview_url: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    id: str
    identities: Sender = ()


@dataclass(frozen=True, slots=True)
class FetchedMedia:
    """`content` is an open file standing at its start; whoever asked for it closes it."""

    content: BinaryIO
    mime_type: str
    size: int
    sha256: str  # hex, of what was received
    matches: bool | None = None  # against the provider's own digest; None if it gave none


@dataclass(frozen=True, slots=True)
class CheckLine:
    name: str
    ok: bool | None  # None: could not be checked
    message: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class CredentialField:
    """A setting of an account at this provider, for the account form and `accounts add --set`."""

    name: str
    label: str
    secret: bool = False
    required: bool = True
    hint: str = ""
    generated: bool = False  # made by us when the account is made, never typed in
    rotates: bool = False  # on replacement the former value stays valid as `<name>_previous`


class ProviderError(Exception):
    """Provably refused: nothing reached the customer, so it may be tried again."""

    def __init__(
        self,
        reason: str,
        permanent: bool,
        code: str | None = None,
        retry_after: float | None = None,
        action: str = "",
        raw: dict | None = None,
        account_wide: bool = False,
        max_attempts: int | None = None,
    ):
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.code = code
        self.retry_after = retry_after
        self.action = action
        self.raw = raw or {}
        self.account_wide = account_wide
        self.max_attempts = max_attempts


class OutcomeUnknown(Exception):
    """The request left and no answer tells what became of it: never sent again by itself."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class BadSignature(Exception):
    """The webhook does not prove that it comes from this account's provider."""


class Provider:
    """One provider's both directions; a subclass overrides what its provider can do."""

    name = ""
    label = ""
    form_fields: tuple[CredentialField, ...] = ()
    answer = (200, "", "text/plain")  # what this provider wants to hear for a webhook
    sends: frozenset[str] = frozenset({"text"})  # kinds of message the gate lets out here
    sends_templates = False
    manages_templates = False
    marks_read = False
    quotes_messages = False
    needs_public_url = True

    def __init__(self, credentials: Mapping[str, str], http, settings: Mapping):
        self.credentials = credentials
        self.http = http
        self.settings = settings

    def handshake(self, request: WebhookRequest) -> str | None:
        return None

    def verify(self, request: WebhookRequest) -> None:
        raise BadSignature("This provider signs nothing we know")

    def parse(self, request: WebhookRequest) -> list:
        return []

    def send(self, command, correlation_id: str) -> Sent:
        raise ProviderError(f"{self.label} does not send this kind of message", permanent=True)

    def mark_read(self, message_id: str) -> None:
        return None

    def fetch_media(self, media: MediaRef) -> FetchedMedia:
        raise ProviderError(f"{self.label} does not hand out media", permanent=True)

    def check(self) -> list[CheckLine]:
        return []
