"""From a webhook's fields to events: a customer's message, or what became of one of ours.

Never raises and drops nothing: what can't be read becomes Unsupported and keeps its raw form.
"""

from datetime import UTC, datetime

from ..base import LOOK_UP, AccountRef, InboundMessage, Unsupported, WebhookRequest
from ..reading import NotJson, clean, load
from .addresses import is_whatsapp, phone_of, sender_of
from .contents import contents_of
from .forms import NotAForm, fields_of
from .receipts import receipt
from .records import fields_of_record, moment_of

_REFERRAL = {
    "headline": "ReferralHeadline",
    "body": "ReferralBody",
    "source_id": "ReferralSourceId",
    "source_type": "ReferralSourceType",
    "source_url": "ReferralSourceUrl",
    "media_id": "ReferralMediaId",
    "media_type": "ReferralMediaContentType",
    "media_url": "ReferralMediaUrl",
    "ctwa_clid": "ReferralCtwaClid",
}


def events_of(request: WebhookRequest) -> list:
    at = request.received_at or datetime.now(UTC)
    try:
        if request.method == LOOK_UP:
            return _recorded(load(request.body), at)
        fields = fields_of(request)
    except (NotAForm, NotJson):
        return [Unsupported(AccountRef(), "", "The body is not a form.", _start_of(request.body))]
    try:
        return _events(fields, request, at)
    except Exception as error:  # whatever strangers write, the next message goes on
        reason = f"It could not be read: {type(error).__name__}."
        return [Unsupported(AccountRef(), "", reason, fields)]


def _start_of(body):
    return clean({"value": body[:2000].decode("utf-8", "replace")})


def _events(fields, request, at):
    # A message has SmsStatus too, but only a callback has MessageStatus.
    if fields.get("MessageStatus"):
        return receipt(fields, request.query.get("c"), at)
    return inbound(fields, at, fields)


def _recorded(record, at):
    """One message as missed() found it among those Twilio keeps."""
    raw = record if isinstance(record, dict) else {"value": record}
    try:
        fields = fields_of_record(record)
        return inbound(fields, moment_of(fields.get("DateSent"), at), raw)
    except Exception as error:
        reason = f"It could not be read: {type(error).__name__}."
        return [Unsupported(AccountRef(), "", reason, raw)]


def inbound(fields: dict[str, str], at: datetime, raw: dict) -> list:
    ref = AccountRef(display_phone=phone_of(fields.get("To")) or None)
    missing = _missing(fields)
    if missing:
        return [Unsupported(ref, "", missing, raw)]
    return [
        InboundMessage(
            id=fields["MessageSid"] + (f".{said.part}" if said.part else ""),
            account_ref=ref,
            identities=sender_of(fields),
            sender_name=fields.get("ProfileName", "").strip(),
            username=fields.get("ProfileUsername", "").strip().lstrip("@"),
            kind=said.kind,
            text=said.text,
            content=_with_origin(said.content, fields),
            media=said.media,
            reply_to=fields.get("OriginalRepliedMessageSid") or None,
            sent_at=at,
            raw=raw,
            forwarded=_forwarded(fields),
        )
        for said in contents_of(fields)
    ]


def _missing(fields):
    if not fields.get("MessageSid"):
        return "Neither a message nor a receipt."
    if not is_whatsapp(fields.get("From", "")):
        return "A message that came by SMS or another channel, not by WhatsApp."
    return "" if sender_of(fields) else "A message without a sender."


def _with_origin(content, fields):
    referral = {name: fields[given] for name, given in _REFERRAL.items() if fields.get(given)}
    return {**content, "referral": referral} if referral else content


def _forwarded(fields):
    if fields.get("FrequentlyForwarded", "").lower() == "true":
        return "frequently"
    return "forwarded" if fields.get("Forwarded", "").lower() == "true" else ""
