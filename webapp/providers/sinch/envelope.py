"""What every element of a Sinch webhook takes from the body round it."""

from dataclasses import dataclass
from datetime import datetime

from ..base import AccountRef, Sender, Unsupported
from ..meta.people import person
from ..reading import believable, dict_of, digits_of, text_of

# An app holds one WhatsApp number, so the address a body came to says which account it is for.
# `sender_id`, which would name it, is often empty.
OWN = AccountRef()


@dataclass(frozen=True, slots=True)
class Envelope:
    raw: dict
    key: str
    at: datetime

    def unsupported(self, reason: str, harmless: bool = False) -> list:
        return [Unsupported(OWN, self.key, reason, self.raw, harmless)]


def moment_of(value) -> datetime | None:
    """RFC 3339 with up to nine digits of a second."""
    try:
        return believable(datetime.fromisoformat(text_of(value)), None)
    except (ValueError, OverflowError):
        return None


def identities_of(element: dict) -> Sender:
    """Digits without “+”, though reports have been seen with it."""
    named = dict_of(element.get("channel_identity")).get("identity") or element.get("identity")
    return person(named)


def name_in(contact: dict) -> str:
    """Where WhatsApp told no name Sinch may put the number there."""
    name = text_of(contact.get("display_name")).strip()
    return name if any(sign.isalpha() for sign in name) or not digits_of(name) else ""
