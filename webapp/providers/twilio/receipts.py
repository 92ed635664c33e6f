"""What became of a message of ours: a status callback, or its record at Twilio."""

from datetime import datetime

from ..base import AccountRef, PreferenceChange, Receipt, StatusUpdate, Unsupported
from ..meanings import Kind
from .addresses import bare, person_at, phone_of
from .errors import fault_of
from .meanings import meaning_of

STATES = {
    "sent": Receipt.SENT,
    "delivered": Receipt.DELIVERED,
    "partially_delivered": Receipt.DELIVERED,
    "read": Receipt.READ,
    "failed": Receipt.FAILED,
    "undelivered": Receipt.FAILED,
    "canceled": Receipt.FAILED,
}
ON_THE_WAY = {"accepted", "scheduled", "queued", "sending", "receiving", "received"}


def receipt(fields: dict[str, str], correlation_id: str | None, at: datetime) -> list:
    ref = AccountRef(display_phone=phone_of(fields.get("From")) or None)
    state, message_id = fields["MessageStatus"].lower(), fields.get("MessageSid")
    if state in ON_THE_WAY:
        return [Unsupported(ref, "", f"Still on its way: “{state}”.", fields, harmless=True)]
    if state not in STATES or not message_id:
        what = "that names no message" if state in STATES else f"of the kind “{state}”"
        return [Unsupported(ref, "", f"A receipt {what}.", fields)]
    update = update_of(
        STATES[state], message_id, fields.get("From"), fields.get("To"), at, fields,
        correlation_id=correlation_id or None,
        error=_fault(fields) if STATES[state] is Receipt.FAILED else None,
    )  # fmt: skip
    return [update, *_wish(update)]


def update_of(state, message_id, sender, to, at, raw, *, correlation_id, error) -> StatusUpdate:
    return StatusUpdate(
        account_ref=AccountRef(display_phone=phone_of(sender) or None),
        message_id=message_id,
        recipient=phone_of(to) or bare(to),
        status=state,
        at=at,
        raw=raw,
        correlation_id=correlation_id,
        error=error,
        recipient_identities=person_at(to),
    )


def _fault(fields):
    code = fields.get("ErrorCode", "")
    return fault_of(code, fields.get("ErrorMessage"), fields.get("ChannelStatusMessage"))


def _wish(update):
    """Who asked Twilio for no more messages gets none from elsewhere either."""
    stopped = update.error and meaning_of(update.error.code).kind is Kind.OPTED_OUT
    if not stopped or not update.recipient_identities:
        return
    who = update.recipient_identities
    yield PreferenceChange(update.account_ref, who, "messages", "stop", update.at, update.raw)
