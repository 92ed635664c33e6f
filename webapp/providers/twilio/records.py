"""Twilio's own record of a message, as its API hands it out, read like a webhook."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from ..reading import believable, dict_of, list_of, text_of

NAMES = {
    "MessageSid": "sid",
    "AccountSid": "account_sid",
    "From": "from",
    "To": "to",
    "Body": "body",
    "NumMedia": "num_media",
    "DateSent": "date_sent",
}


def fields_of_record(record) -> dict[str, str]:
    """`record` holds `message`, one of `messages[]`, and `media`, its `media_list[]`."""
    message, media = dict_of(dict_of(record).get("message")), list_of(dict_of(record).get("media"))
    fields = {name: text_of(message.get(given)) for name, given in NAMES.items()}
    fields["DateSent"] = fields["DateSent"] or text_of(message.get("date_created"))
    for number, item in enumerate(dict_of(one) for one in media):
        fields[f"MediaUrl{number}"] = text_of(item.get("url"))
        fields[f"MediaContentType{number}"] = text_of(item.get("content_type"))
    return fields


def moment_of(text, otherwise=None) -> datetime | None:
    """A date as in e-mails: `Sun, 01 Mar 2026 12:23:56 +0000`."""
    try:
        return believable(parsedate_to_datetime(text_of(text)), otherwise)
    except (ValueError, IndexError, TypeError, OverflowError):
        return otherwise
