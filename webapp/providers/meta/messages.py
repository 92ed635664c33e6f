"""Messages, echoes and receipts: what stands in a value's `messages`, `message_echoes`, `statuses`.

Shapes: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
"""

from dataclasses import dataclass
from datetime import datetime

from ..base import (
    AccountRef,
    Echo,
    IdentityChange,
    InboundMessage,
    ProviderFault,
    Receipt,
    Source,
    StatusUpdate,
    Unsupported,
)
from ..reading import dict_of, digits_of, list_of, moment_of, text_of
from .contents import content_of
from .errors import fault_of
from .people import card_for, name_of, person, username_of

# Meta opens the 24 hours for what a person writes, not for what happens around it.
_OPENS_NO_WINDOW = {"reaction", "edit", "revoke", "system", "request_welcome"}
_CHANGES_IDENTITY = {"user_changed_number", "user_changed_user_id", "customer_changed_number"}
_NO_ERROR_GIVEN = ProviderFault("", reason="WhatsApp could not deliver the message")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an element takes from the value it stands in."""

    account_ref: AccountRef
    field: str
    cards: list
    at: datetime  # for elements without a readable time
    source: Source = Source.LIVE

    def unsupported(self, raw, reason, harmless=False) -> Unsupported:
        raw = raw if isinstance(raw, dict) else {"value": raw}
        return Unsupported(self.account_ref, self.field, reason, raw, harmless)


def inbound(message: dict, around: Surroundings) -> list:
    message_id, identities = text_of(message.get("id")), _sender(message, around)
    if not message_id or not identities:
        missing = "an id" if not message_id else "a sender"
        return [around.unsupported(message, f"A message without {missing}.")]
    said, name = content_of(message), text_of(message.get("type"))
    context = dict_of(message.get("context"))
    card = _card(message, around)
    live = around.source is Source.LIVE and not message.get("group_id")
    event = InboundMessage(
        id=message_id,
        account_ref=around.account_ref,
        identities=identities,
        sender_name=name_of(card),
        username=username_of(card),
        kind=said.kind,
        text=said.text,
        content=_with_origin(said, message, context),
        media=said.media,
        reply_to=said.reply_to or text_of(context.get("id")) or None,
        sent_at=moment_of(message.get("timestamp"), around.at),
        raw=message,
        group_id=text_of(message.get("group_id")) or None,
        opens_window=live and name not in _OPENS_NO_WINDOW,
        forwarded=_forwarded(context),
        source=around.source,
    )
    return [event, *_identity_change(event)]


def _card(message, around):
    return card_for(around.cards, message.get("from"), message.get("from_user_id"))


def _sender(message, around):
    card, body = _card(message, around), dict_of(message.get("system"))
    return person(
        message.get("from") or card.get("wa_id"),
        message.get("from_user_id") or body.get("previous_user_id") or card.get("user_id"),
        message.get("from_parent_user_id")
        or body.get("previous_parent_user_id")
        or card.get("parent_user_id"),
    )


def _with_origin(said, message, context):
    content = dict(said.content)
    if isinstance(message.get("referral"), dict):
        content["referral"] = message["referral"]
    if isinstance(context.get("referred_product"), dict):
        content["product"] = context["referred_product"]
    return content


def _forwarded(context):
    if context.get("frequently_forwarded") is True:
        return "frequently"
    return "forwarded" if context.get("forwarded") is True else ""


def _identity_change(event):
    body = dict_of(event.raw.get("system"))
    if event.source is not Source.LIVE or text_of(body.get("type")) not in _CHANGES_IDENTITY:
        return []
    number = body.get("wa_id") or body.get("new_wa_id")
    new = person(number, body.get("user_id"), body.get("parent_user_id"))
    if not new or set(new) <= set(event.identities):
        return []
    return [IdentityChange(event.account_ref, event.identities, new, event.sent_at, event.raw)]


def echo(message: dict, around: Surroundings) -> list:
    """A standby echo holds the send call's body under `message`, the others are flat."""
    inner = message.get("message") if isinstance(message.get("message"), dict) else message
    message_id = text_of(message.get("id"))
    identities = _addressee(inner, around)
    if not message_id or not identities:
        missing = "an id" if not message_id else "a recipient"
        return [around.unsupported(message, f"An echo without {missing}.")]
    said = content_of(inner)
    context = dict_of(inner.get("context"))
    quoted = text_of(context.get("message_id") or context.get("id"))
    return [
        Echo(
            id=message_id,
            account_ref=around.account_ref,
            identities=identities,
            kind=said.kind,
            text=said.text,
            content=said.content,
            media=said.media,
            reply_to=said.reply_to or quoted or None,
            sent_at=moment_of(message.get("timestamp"), around.at),
            raw=message,
            source=around.source,
        )
    ]


def _addressee(message, around):
    number, user_id = message.get("to"), message.get("to_user_id") or message.get("recipient")
    card = card_for(around.cards, number, user_id)
    return person(
        number or card.get("wa_id"),
        user_id or card.get("user_id"),
        message.get("to_parent_user_id") or card.get("parent_user_id"),
    )


def past(message: dict, thread_id: str, around: Surroundings) -> list:
    """A message of an old thread; the thread's id is the customer's."""
    if _by_business(message, around):
        return echo({"to": thread_id, **message}, around)
    return inbound({"from": thread_id, **message}, around)


def _by_business(message, around):
    ours = around.account_ref.display_phone
    return bool(message.get("to") or message.get("to_user_id")) or (
        bool(ours) and digits_of(message.get("from")) == ours
    )


def receipt(status: dict, around: Surroundings) -> list:
    message_id, state = text_of(status.get("id")), text_of(status.get("status"))
    if state not in set(Receipt):
        known = state in ("deleted", "warning")
        return [around.unsupported(status, f"A receipt of the kind “{state}”.", harmless=known)]
    identities = _recipient(status, around)
    recipient = _recipient_name(status) or (identities[0].value if identities else "")
    if not message_id:
        return [around.unsupported(status, "A receipt without its message's id.")]
    return [
        StatusUpdate(
            account_ref=around.account_ref,
            message_id=message_id,
            correlation_id=text_of(status.get("biz_opaque_callback_data")) or None,
            recipient=recipient,
            status=Receipt(state),
            at=moment_of(status.get("timestamp"), around.at),
            error=_failure(status) if state == Receipt.FAILED else None,
            recipient_identities=identities,
            raw=status,
            group=status.get("recipient_type") == "group",
            billing=_billing(status),
        )
    ]


def _recipient(status, around):
    if status.get("recipient_type") == "group":
        # `recipient_id` is the group here: each member has receipts of their own.
        return person(
            status.get("recipient_participant_id"), status.get("recipient_participant_user_id")
        )
    parent = status.get("parent_recipient_user_id") or status.get("parent_user_id")
    number, user_id = status.get("recipient_id"), status.get("recipient_user_id")
    card = card_for(around.cards, number, user_id)
    return person(
        number or card.get("wa_id"),
        user_id or card.get("user_id"),
        parent or card.get("parent_user_id"),
    )


def _recipient_name(status):
    names = ("recipient_id", "recipient_user_id")
    if status.get("recipient_type") == "group":
        names = ("recipient_participant_id", "recipient_participant_user_id", "recipient_id")
    return next((text_of(status[name]) for name in names if text_of(status.get(name))), "")


def _failure(status):
    errors = [error for error in list_of(status.get("errors")) if isinstance(error, dict)]
    return fault_of(errors[0]) if errors else _NO_ERROR_GIVEN


def _billing(status):
    pricing, conversation = dict_of(status.get("pricing")), dict_of(status.get("conversation"))
    if not pricing and not conversation:
        return None
    return {**pricing, **({"conversation": conversation} if conversation else {})}
