"""WhatsApp addresses as Twilio writes them: `whatsapp:+15550100002`, or a business-scoped id.

A person may have no number to be seen: `whatsapp:US.13491208655302741918`, and the id beside an
ordinary number in ExternalUserId, seen with the prefix and without (unconfirmed).
"""

import re

from ..base import Identity, IdentityKind, Recipient, Sender
from ..reading import digits_of, text_of

PREFIX = "whatsapp:"
# A plus sign that nobody encoded has become a blank on the way.
_PHONE = re.compile(r"[+ ]?[0-9]{5,15}")
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]+")


def is_whatsapp(address: str) -> bool:
    return address.lower().startswith(PREFIX)


def bare(address) -> str:
    text = text_of(address)
    return text[len(PREFIX) :] if is_whatsapp(text) else text


def phone_of(address) -> str:
    """The digits of a number; nothing where it is none."""
    text = bare(address)
    return digits_of(text) if _PHONE.fullmatch(text) else ""


def sender_of(fields: dict) -> Sender:
    """Replies go to `From`; WaId may write the same number another way (BR, MX, AR)."""
    found = (
        *_identity(fields.get("From"), IdentityKind.PHONE),
        *_identity(fields.get("WaId"), IdentityKind.WA_ID),
        *_identity(fields.get("ExternalUserId"), IdentityKind.WA_ID),
        *_identity(fields.get("ParentExternalUserId"), IdentityKind.WA_ID),
    )
    return tuple(dict.fromkeys(found))


def person_at(address) -> Sender:
    return tuple(_identity(address, IdentityKind.PHONE))


def _identity(address, kind_of_number):
    text = bare(address).strip()
    match = _USER_ID.fullmatch(text)
    if match:
        yield Identity(IdentityKind.PARENT_BSUID if match[1] else IdentityKind.BSUID, text)
    elif phone_of(text):
        yield Identity(kind_of_number, phone_of(text))


def address_of(to: Recipient) -> str:
    """Empty where there is nobody to write to."""
    if to.phone:
        return f"{PREFIX}+{to.phone.lstrip('+')}"
    return PREFIX + to.bsuid if to.bsuid else ""
