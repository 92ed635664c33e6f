"""WhatsApp templates as providers know them: what we ask them to keep, and what they have."""

from collections.abc import Mapping
from dataclasses import dataclass

from .commands import OutgoingFile
from .reading import text_of

# A provider's word for a template's state → ours. A word that is not here is not sendable.
# developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
STATUSES: Mapping[str, str] = {
    "APPROVED": "approved",
    "PENDING": "pending",
    "REJECTED": "rejected",
    "SUBMISSION_REJECTED": "rejected",  # Kaleyra's
    "PAUSED": "paused",
    "DISABLED": "disabled",
    "FLAGGED": "approved",  # a warning: it still goes
    "REINSTATED": "approved",
    "LOCKED": "approved",  # can't be edited, still goes (unconfirmed)
    "IN_APPEAL": "in_appeal",
    "LIMIT_EXCEEDED": "limit_exceeded",
    "ARCHIVED": "archived",
    "UNARCHIVED": "approved",  # only an approved one is archived (unconfirmed)
    "PENDING_DELETION": "pending_deletion",
    "DELETED": "deleted",
}
UNKNOWN = "unknown"
QUALITIES = ("green", "yellow", "red")
CATEGORIES = ("marketing", "utility", "authentication")


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """What is to be made, or changed where it has the provider's id. `components` in Meta's form;
    `sample` is the file that shows what stands in the header."""

    name: str
    language: str
    category: str
    parameter_format: str  # positional or named
    components: list[dict]
    sample: OutgoingFile | None = None
    provider_id: str | None = None
    ttl: int | None = None  # seconds the provider keeps trying to deliver it; None: its own


@dataclass(frozen=True, slots=True)
class TemplateState:
    """One as the provider has it. Empty is what it did not say; `components` None likewise."""

    id: str
    name: str
    language: str
    status: str  # a TemplateStatus
    provider_status: str  # the provider's own word
    category: str = ""
    components: list[dict] | None = None
    parameter_format: str = ""
    quality: str = ""
    reason: str = ""
    previous_category: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a draft would be refused. `where`: name, language, category, header, body, footer,
    button-<index>, example-<where>-<key>, or empty."""

    where: str
    sentence: str


def word_of(provider_status) -> str:
    """The provider's own word, in one spelling."""
    return "_".join(text_of(provider_status).strip().upper().replace("-", " ").split())


def status_of(provider_status) -> str:
    return STATUSES.get(word_of(provider_status), UNKNOWN)


def quality_of(score) -> str:
    word = text_of(score).strip().lower()
    return word if word in QUALITIES else UNKNOWN


def category_of(word) -> str:
    """Empty where it is none of WhatsApp's."""
    word = text_of(word).strip().lower()
    return word if word in CATEGORIES else ""


def language_of(code) -> str:
    """Written en_US here and en-US there."""
    return text_of(code).strip().replace("-", "_")
