"""Who wrote, or who is written to: WhatsApp numbers and business-scoped user ids.

Either may be missing: developers.facebook.com/documentation/business-messaging/whatsapp/
business-scoped-user-ids
"""

import re

from ..base import Identity, IdentityKind, Sender
from ..reading import dict_of, digits_of, list_of, text_of

_BSUID = re.compile(r"[A-Z]{2}\.[0-9A-Za-z.]{1,128}")
_PARENT = re.compile(r"[A-Z]{2}\.ENT\.")


def person(number=None, user_id=None, parent_id=None) -> Sender:
    """Each value goes under the kind it looks like: user ids have been seen in place of numbers."""
    found = [
        identity
        for identity in (_number(number), _user_id(user_id), _parent_id(parent_id))
        if identity
    ]
    return tuple(dict.fromkeys(found))


def _number(value):
    if looks_like_user_id(value):
        return _user_id(value)
    digits = digits_of(value)
    return Identity(IdentityKind.WA_ID, digits) if digits else None


def _user_id(value):
    text = text_of(value).strip()
    if not text:
        return None
    kind = IdentityKind.PARENT_BSUID if _PARENT.match(text) else IdentityKind.BSUID
    return Identity(kind, text)


def _parent_id(value):
    text = text_of(value).strip()
    return Identity(IdentityKind.PARENT_BSUID, text) if text else None


def looks_like_user_id(value) -> bool:
    return bool(_BSUID.fullmatch(text_of(value).strip()))


def card_for(cards, number, user_id) -> dict:
    """The contact card that goes with a message; `contacts` stands in no promised order."""
    cards = [card for card in list_of(cards) if isinstance(card, dict)]
    number, user_id = text_of(number), text_of(user_id)
    for card in cards:
        if user_id and text_of(card.get("user_id")) == user_id:
            return card
        if number and text_of(card.get("wa_id")) == number:
            return card
    return cards[0] if len(cards) == 1 and not _is_another(cards[0], user_id) else {}


def _is_another(card, user_id):
    # A differing number proves nothing: WhatsApp writes some countries' numbers in two ways.
    return bool(user_id and text_of(card.get("user_id")))


def name_of(card) -> str:
    return text_of(dict_of(card.get("profile")).get("name")).strip()


def username_of(card) -> str:
    profile = dict_of(card.get("profile"))
    return text_of(profile.get("username") or card.get("username")).strip().lstrip("@")
