"""Asking Sinch what it has: a message whose fate is not known, what customers wrote meanwhile.

developers.sinch.com/docs/conversation/api-reference/conversation/tag/Messages
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson

from ..base import Found, ProviderError, Receipt, Sought, StatusUpdate
from ..reading import dict_of, list_of, number_of, text_of
from .api import Api
from .envelope import OWN, identities_of, moment_of, name_in
from .outgoing import CHANNEL

PAGE = 1000  # the most Sinch gives at once
MOST_PAGES = 20
# A call lasts under half a minute; the rest is for clocks that differ.
BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=10)


def look_up(api: Api, sought: Sought) -> Found | None:
    """None only after the app's list for those minutes was read to its end without it, since
    it is taken for proof that the message never arrived."""
    return _by_id(api, sought) or _by_metadata(api, sought)


def missed(api: Api, since: datetime) -> Iterator[bytes]:
    """Oldest first, each as the webhook would have brought it. Reactions are in no list."""
    inbound = [
        message
        for message in _messages(api, start_time=_written(since), direction="TO_APP")
        if isinstance(message.get("contact_message"), dict)
    ]
    inbound.sort(key=lambda message: moment_of(message.get("accept_time")) or since)
    for message in inbound:
        body = {"app_id": api.app_id, "project_id": api.project_id, "message": message}
        yield orjson.dumps(body)


def profile_name(api: Api, contact_id: str) -> str:
    try:
        contact = api.get(("contacts", contact_id))
    except ProviderError as error:
        if error.code == "NOT_FOUND":
            return ""
        raise
    return name_in(contact)


def _by_id(api, sought):
    if not sought.provider_id:
        return None
    try:
        return _found(api.get(("messages", sought.provider_id)), sought)
    except ProviderError as error:
        if error.code == "NOT_FOUND":
            return None
        raise


def _by_metadata(api, sought):
    times = {
        "start_time": _written(sought.called_at - BEFORE),
        "end_time": _written(sought.called_at + AFTER),
        "direction": "TO_CONTACT",
    }
    # First among the person's own. How Sinch writes their number is not for us to know, so what
    # is not there is looked for among all.
    narrower = [{"channel_identity": sought.recipient.phone}] if sought.recipient.phone else []
    for narrowed in (*narrower, {}):
        for message in _messages(api, **times, **narrowed):
            if text_of(message.get("metadata")) == sought.correlation_id:
                return _found(message, sought)
    _check_it_keeps(api, sought)
    return None


def _check_it_keeps(api, sought):
    """That Sinch has no such message means something only where it would have kept it."""
    app = api.get(("apps", api.app_id))
    if text_of(app.get("processing_mode")).upper() != "CONVERSATION":
        reason = "The app keeps no conversations, so Sinch can't say what became of the message"
        raise ProviderError(reason, permanent=True)
    days = number_of(dict_of(app.get("retention_policy")).get("ttl_days"))
    if days and sought.called_at < datetime.now(UTC) - timedelta(days=days):
        raise ProviderError("Sinch keeps messages for a shorter time", permanent=True)


def _messages(api, **filters):
    token = {}
    for _ in range(MOST_PAGES):
        page = api.get(
            ("messages",),
            app_id=api.app_id,
            channel=CHANNEL,
            view="WITH_METADATA",
            page_size=PAGE,
            **filters,
            **token,
        )
        yield from (message for message in list_of(page.get("messages")) if dict_of(message))
        following = text_of(page.get("next_page_token"))
        if not following:
            return
        token = {"page_token": following}
    raise ProviderError("Sinch has too many messages in that time to read", permanent=False)


def _found(message, sought):
    """That Sinch took it is all a message tells; the rest comes in reports."""
    message_id = text_of(message.get("id")) or sought.provider_id
    if not message_id:
        return None
    identities = identities_of(message)
    update = StatusUpdate(
        account_ref=OWN,
        message_id=message_id,
        correlation_id=sought.correlation_id,
        recipient=identities[0].value if identities else "",
        status=Receipt.SENT,
        at=moment_of(message.get("accept_time")) or sought.called_at,
        recipient_identities=identities,
        raw=message,
    )
    return Found(message_id, (update,))


def _written(moment: datetime):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
