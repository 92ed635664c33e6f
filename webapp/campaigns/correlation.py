"""What a campaign's message is called towards its provider, and whose message a receipt is for."""

import re
import secrets
from dataclasses import dataclass

_SHAPE = re.compile(r"parley-c([0-9a-f]{16})-([0-9]{1,18})-([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Told:
    """Which attempt for which recipient a correlation id names."""

    token: str
    recipient_id: int
    number: int


def new_token():
    """A campaign's own part of its ids: after a restored backup, recipients' numbers come again."""
    return secrets.token_hex(8)


def id_of(token, recipient_id, number):
    return f"parley-c{token}-{recipient_id}-{number}"


def read(text):
    """The Told behind a correlation id; None for what no campaign sent."""
    found = _SHAPE.fullmatch(text or "")
    return Told(found[1], int(found[2]), int(found[3])) if found else None
