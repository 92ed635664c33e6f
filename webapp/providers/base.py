"""What every provider speaks: its capabilities and faults, and the class each one overrides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO

from .commands import (
    Buttons,
    Choice,
    Command,
    ContactCard,
    ContactsMessage,
    ListMenu,
    LocationMessage,
    MediaMessage,
    OutgoingFile,
    Parameter,
    Place,
    Reaction,
    Recipient,
    Section,
    TemplateButton,
    TemplateMessage,
    Text,
)
from .events import (
    LOOK_UP,
    AccountRef,
    AccountUpdate,
    Echo,
    Identity,
    IdentityChange,
    IdentityKind,
    InboundMessage,
    MediaRef,
    MessageKind,
    NameChange,
    PreferenceChange,
    ProviderFault,
    Receipt,
    Sender,
    Severity,
    Source,
    StatusUpdate,
    TemplateUpdate,
    Unsupported,
    WebhookRequest,
)
from .meanings import Kind, Meaning
from .reading import text_of
from .request import Request
from .template_rules import Rules
from .templates import Problem, TemplateDraft, TemplateState

__all__ = [
    "AccountRef",
    "AccountUpdate",
    "BadSignature",
    "Buttons",
    "Capabilities",
    "CheckLine",
    "Choice",
    "Command",
    "ContactCard",
    "ContactsMessage",
    "CredentialField",
    "Echo",
    "FetchedMedia",
    "FileRule",
    "Found",
    "Identity",
    "IdentityChange",
    "IdentityKind",
    "InboundMessage",
    "LOOK_UP",
    "ListMenu",
    "LocationMessage",
    "MediaMessage",
    "MediaRef",
    "MessageKind",
    "NameChange",
    "OutcomeUnknown",
    "OutgoingFile",
    "Parameter",
    "Place",
    "PreferenceChange",
    "Problem",
    "Provider",
    "ProviderError",
    "ProviderFault",
    "Reaction",
    "Receipt",
    "Recipient",
    "Section",
    "Sender",
    "Sent",
    "Severity",
    "Sought",
    "Source",
    "StatusUpdate",
    "TemplateButton",
    "TemplateDraft",
    "TemplateMessage",
    "TemplateState",
    "TemplateUpdate",
    "Text",
    "Unsupported",
    "WebhookRequest",
]


@dataclass(frozen=True, slots=True)
class FileRule:
    """What a provider takes as this kind of file."""

    types: tuple[str, ...]  # MIME types; empty: any
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What goes out through a provider; the gate refuses the rest, the composer hides it."""

    kinds: frozenset[str] = frozenset({MessageKind.TEXT})
    files: Mapping[str, FileRule] = field(default_factory=dict)  # by kind
    captions: frozenset[str] = frozenset()  # kinds of file that carry a text of their own
    max_text: int = 4096
    max_caption: int = 1024
    quotes: bool = False  # a reply shows the message it answers
    marks_read: bool = False
    looks_up: bool = False  # look_up() and missed() ask the provider
    templates: bool = False  # single templates may be sent
    manages_templates: bool = False
    edits_templates: bool = False  # of those it manages, after they were submitted
    deletes_templates: bool = False
    campaigns: bool = False
    # Which of a customer's identities its API wants, the first one there is.
    addresses: tuple[IdentityKind, ...] = (IdentityKind.WA_ID, IdentityKind.PHONE)


@dataclass(frozen=True, slots=True)
class Sought:
    """A message whose fate is not known, as look_up() needs it."""

    correlation_id: str
    provider_id: str | None
    recipient: Recipient
    kind: str
    text: str
    called_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The provider has it; `updates` are its states so far (at least `sent` where it left)."""

    provider_id: str
    updates: tuple[StatusUpdate, ...] = ()


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
    # What the health panel keeps: quality, messaging_limit, tier, throughput, token_expires_at.
    facts: Mapping[str, str] = field(default_factory=dict)
    auth: bool = False  # with ok=False: the credentials are refused, so nothing can be sent

    @classmethod
    def refused(cls, name, error):
        """A refusal is an answer about the set-up; a provider out of reach tells nothing of it."""
        detail = text_of(error.raw.get("detail"))
        message = f"{error.reason}. {detail}".strip()
        ok = False if error.permanent else None
        action = error.action or "Try again in a few minutes."
        return cls(name, ok, message, action, auth=error.auth)


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
    choices: tuple[tuple[str, str], ...] = ()  # (value, label): a select instead of an input
    # A regular expression for the whole value, and the sentence where it does not fit.
    shape: tuple[str, str] | None = None


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
        auth: bool = False,
        of_template: bool = False,
        stops_campaigns: bool = False,
    ):
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.code = code
        self.retry_after = retry_after
        self.action = action
        self.raw = raw or {}
        self.account_wide = account_wide  # the account's other messages would meet the same
        self.max_attempts = max_attempts
        self.auth = auth  # the credentials are refused: sending stops until they are mended
        self.of_template = of_template  # the same template's other messages would meet the same
        self.stops_campaigns = stops_campaigns  # until a person has looked


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
    summary = ""  # a line below the name where a provider is chosen
    form_fields: tuple[CredentialField, ...] = ()
    guide: tuple[str, ...] = ()  # set-up at the provider, step by step; {webhook_url} and the like
    answer = (200, "", "text/plain")  # what this provider wants to hear for a webhook
    # How its webhooks come. A GET where it isn't among these is a handshake.
    webhook_methods: tuple[str, ...] = ("POST",)
    webhook_suffix = ""  # behind the address we show: Twilio's connection overrides
    can = Capabilities()  # a property where it depends on the account's settings
    needs_public_url = True
    template_rules: Rules | None = None  # where `can.manages_templates`
    # send() is request_for(), carried by anybody, and outcome_of() what came back.
    sends_by_request = False
    keeps_files: timedelta | None = None  # how long uploaded() is good for, where it is offered

    def __init__(self, credentials: Mapping[str, str], http, settings: Mapping):
        """`settings` is the configuration; WEBHOOK_URL in it is this account's own address, PHONE
        its number in digits."""
        self.credentials = credentials
        self.http = http
        self.settings = settings

    def handshake(self, request: WebhookRequest) -> str | None:
        return None

    def verify(self, request: WebhookRequest) -> None:
        raise BadSignature("This provider signs nothing we know")

    def parse(self, request: WebhookRequest) -> list:
        return []

    def only_receipts(self, request: WebhookRequest) -> bool:
        """Whether it surely tells nothing but receipts, seen without parsing: customers' messages
        that come after it need not wait for them."""
        return False

    def send(self, command: Command, correlation_id: str) -> Sent:
        raise ProviderError(f"{self.label} does not send this kind of message", permanent=True)

    def request_for(self, command: Command, correlation_id: str) -> Request:
        """What send() asks, where `sends_by_request`; raises ProviderError for what can't be."""
        raise ProviderError(f"{self.label} does not send this kind of message", permanent=True)

    def outcome_of(self, answer) -> Sent:
        """What an answer to request_for() means; raises ProviderError or OutcomeUnknown."""
        raise OutcomeUnknown(f"{self.label} does not say what became of the message")

    def uploaded(self, file: OutgoingFile) -> OutgoingFile:
        """The file as messages name it for as long as `keeps_files`; raises ProviderError."""
        return file

    def throughput(self, facts: Mapping[str, str]) -> int | None:
        """Messages a second that an account carries, as its last check found; None: untold."""
        return None

    def most_people(self, facts: Mapping[str, str]) -> float | None:
        """To how many people its portfolio may write first in 24 hours; None: untold."""
        return None

    @staticmethod
    def may_pass_later(code: str) -> bool:
        """Whether what was refused, or failed, with this code may go another time."""
        return False

    def mark_read(self, message_id: str) -> None:
        return None

    def fetch_media(self, media: MediaRef) -> FetchedMedia:
        raise ProviderError(f"{self.label} does not hand out media", permanent=True)

    def profile_name(self, ref: str) -> str:
        """The customer's name, where the webhook only says where it is kept."""
        return ""

    def look_up(self, sought: Sought) -> Found | None:
        """What became of a message; None where the provider does not have it. May raise
        ProviderError: then nothing is known still."""
        raise ProviderError(f"{self.label} cannot be asked about a message", permanent=True)

    def missed(self, since: datetime) -> Iterable[bytes]:
        """What customers wrote since then, as bodies for parse() with the method LOOK_UP; each
        gives the event its webhook gave, with the same id."""
        return ()

    @staticmethod
    def meaning(code: str) -> Meaning:
        """What a code kept with a message means to people, long after the call."""
        return Meaning(Kind.MESSAGE, "The provider refused the message")

    # Templates, where `can.manages_templates`

    def templates(self) -> Iterable[TemplateState]:
        """All the provider has for this account's WABA; the list may come in pages, so an error
        may come on the way."""
        raise self._keeps_none()

    def create_template(self, draft: TemplateDraft) -> TemplateState:
        raise self._keeps_none()

    def edit_template(self, draft: TemplateDraft) -> TemplateState:
        """`draft.provider_id` is the one to change; it is reviewed anew."""
        raise self._keeps_none()

    def delete_template(
        self, provider_id: str, name: str, language: str, all_languages: bool = False
    ) -> None:
        raise self._keeps_none()

    def template_problems(self, draft: TemplateDraft) -> list[Problem]:
        """Why the provider would refuse it, as far as its documentation tells."""
        return []

    def _keeps_none(self):
        return ProviderError(f"{self.label} keeps no templates here", permanent=True)

    def check(self) -> list[CheckLine]:
        """The first line says whether the provider takes the credentials: one with `auth` there
        stops the account."""
        return []
