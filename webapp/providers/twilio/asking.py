"""Asking Twilio what it knows: the fate of a message of ours, and what customers wrote meanwhile.

twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import orjson

from ..base import Found, MessageKind, ProviderError, Receipt, Sought
from ..reading import clean_text, dict_of, list_of, number_of, text_of
from .addresses import PREFIX, address_of
from .api import Api
from .errors import fault_of
from .receipts import STATES, update_of
from .records import moment_of
from .sending import CAPTIONED

PAGE = 200
MOST_PAGES = 100
UNKNOWN = "20404"
# A call lasts at most some twenty seconds, with a menu's twice; the rest is for clocks that differ.
BEFORE, AFTER = timedelta(seconds=10), timedelta(seconds=50)
# What is younger may be on its way here still, and the webhook says more than the record: places,
# quotes, buttons. Repeats of a webhook end within 75 seconds.
ON_ITS_WAY = timedelta(minutes=2)
OUT_OF_ORDER = timedelta(hours=1)
FILES = {
    MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.AUDIO, MessageKind.VOICE,
    MessageKind.DOCUMENT, MessageKind.STICKER,
}  # fmt: skip
FILLED_IN = {MessageKind.TEMPLATE, MessageKind.INTERACTIVE, MessageKind.LOCATION}


def look_up(api: Api, phone: str, sought: Sought) -> Found | None:
    if sought.provider_id:
        message = _by_id(api, sought.provider_id)
    else:
        message = _the_one(api, phone, sought)
    return _found(message, sought) if message else None


def _by_id(api, sid):
    try:
        return api.get(api.messages_url(sid))
    except ProviderError as error:
        if error.code != UNKNOWN:
            raise
        return None


def _the_one(api, phone, sought):
    """The only message to this person that it can be; never a guess between two."""
    near = [message for message in _sent_then(api, phone, sought) if _is_like(message, sought)]
    said = _words(_text_at_twilio(sought))
    same = [message for message in near if _words(message.get("body")) == said]
    if len(same) == 1:
        return same[0]
    # How Twilio writes down a template or a menu is its own affair: other words prove nothing.
    if same or (near and sought.kind in FILLED_IN):
        raise ProviderError("Twilio has messages that this one could be", permanent=True)
    return None


def _sent_then(api, phone, sought):
    # Not narrowed by DateSent: what still waits at Twilio has none, and must not count as lost.
    where = {"To": address_of(sought.recipient), "From": f"{PREFIX}+{phone}"}
    since, until = sought.called_at - BEFORE, sought.called_at + AFTER
    for message in _pages(api, api.messages_url(), "messages", where):
        at = moment_of(message.get("date_created"))
        if at is None or at > until:
            continue
        if at < since:
            return  # the newest come first
        yield message


def _is_like(message, sought):
    has_file = (number_of(message.get("num_media")) or 0) > 0
    ours = text_of(message.get("direction")).startswith("outbound")
    return ours and has_file == (sought.kind in FILES)


def _text_at_twilio(sought):
    with_text = sought.kind not in FILES or sought.kind in CAPTIONED
    return clean_text(sought.text) if with_text else ""


def _words(text):
    return " ".join(text_of(text).split())


def _found(message, sought):
    state = STATES.get(text_of(message.get("status")).lower())
    sid = text_of(message.get("sid"))
    if state is None:
        return Found(sid)
    at = moment_of(message.get("date_updated"), sought.called_at)
    error = None
    if state is Receipt.FAILED:
        error = fault_of(message.get("error_code"), message.get("error_message"))
    update = update_of(
        state, sid, message.get("from"), message.get("to"), at, message,
        correlation_id=sought.correlation_id, error=error,
    )  # fmt: skip
    return Found(sid, (update,))


def missed(api: Api, phone: str, since: datetime) -> Iterable[bytes]:
    """The oldest first. Only what Twilio keeps: texts and files, neither places nor quotes."""
    until = datetime.now(UTC) - ON_ITS_WAY
    since = since.astimezone(UTC).replace(microsecond=0)
    for number in range((until.date() - since.date()).days + 1):
        day = since.date() + timedelta(days=number)
        for message in reversed(_written_on(api, phone, day, since, until)):
            yield orjson.dumps({"message": message, "media": _media_of(api, message)})


def _written_on(api, phone, day, since, until):
    """The newest first, as Twilio lists them: the first that is far too old ends the day."""
    where = {"To": f"{PREFIX}+{phone}", "DateSent": day.isoformat()}
    found = []
    for message in _pages(api, api.messages_url(), "messages", where):
        at = _at(message, until)
        if at < since - OUT_OF_ORDER:
            break
        if since <= at <= until and message.get("direction") == "inbound":
            found.append(message)
    return found


def _at(message, otherwise):
    return moment_of(message.get("date_sent") or message.get("date_created"), otherwise)


def _media_of(api, message):
    if not number_of(message.get("num_media")):
        return []
    url = api.messages_url(text_of(message.get("sid")), "Media")
    return [
        {**item, "url": api.address + text_of(item.get("uri")).removesuffix(".json")}
        for item in _pages(api, url, "media_list", {})
    ]


def _pages(api, url, name, where) -> Iterator[dict]:
    page = api.get(url, PageSize=PAGE, **where)
    for _ in range(MOST_PAGES):
        yield from (dict_of(item) for item in list_of(page.get(name)))
        following = api.follow(page.get("next_page_uri"))
        if following is None:
            return
        page = api.get(following)
