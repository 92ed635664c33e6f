"""Kaleyra's ids and times, brought to one form so that what belongs together compares equal."""

import hashlib
import re
from datetime import datetime

from ..reading import believable, moment_of, number_of, text_of

_RECIPIENT = re.compile(r":\d+$")
_IN_MILLISECONDS = 1e11


def kaleyra_id(value) -> str:
    """`58f86fab-…:0` is request and place of the recipient. Answers have the place, receipts and
    quotes may not (unconfirmed); we send to one recipient at a time, so it says nothing."""
    return _RECIPIENT.sub("", text_of(value).strip())


def receipt_id(*candidates) -> str:
    """The first that is Kaleyra's own id; WhatsApp's stands in only where there is no other."""
    found = [name for name in map(kaleyra_id, candidates) if name]
    own = (name for name in found if not name.startswith("wamid."))
    return next(own, found[0] if found else "")


def made_up_id(*parts) -> str:
    """For a message that comes without an id: the same again gives the same."""
    text = "\x1f".join(text_of(part) for part in parts)
    return f"kaleyra.{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"


def time_of(value, otherwise: datetime) -> datetime:
    """Unix seconds as documented; milliseconds and ISO 8601 have been seen in its other answers."""
    seconds = number_of(value)
    if seconds is not None:
        return moment_of(seconds / 1000 if seconds > _IN_MILLISECONDS else seconds, otherwise)
    try:
        return believable(datetime.fromisoformat(text_of(value).strip()), otherwise)
    except (ValueError, OverflowError):
        return otherwise
