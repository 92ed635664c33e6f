"""What customers wrote, and what became of what we wrote."""

from ..base import InboundMessage, MessageKind, Receipt, Source, StatusUpdate
from ..meta.contents import Content
from ..reading import dict_of, text_of
from .contents import content_of, quoted_by
from .envelope import OWN, Envelope, identities_of
from .errors import fault_of
from .raw_whatsapp import content_of_raw, raw_message

_RECEIPTS = {
    "QUEUED_ON_CHANNEL": Receipt.SENT,
    "DELIVERED": Receipt.DELIVERED,
    "READ": Receipt.READ,
    "FAILED": Receipt.FAILED,
}
# QUEUED is said to stay inside; SWITCHING_CHANNEL needs a second channel to switch to.
_NO_STEP = {"QUEUED", "SWITCHING_CHANNEL"}
# WhatsApp opens the 24 hours for what a person writes, not for what happens around it.
_OPENS_NO_WINDOW = {
    MessageKind.REACTION,
    MessageKind.EDIT,
    MessageKind.REVOKE,
    MessageKind.SYSTEM,
}


def inbound(message: dict, around: Envelope) -> list:
    if text_of(message.get("direction")).upper() == "TO_CONTACT":
        return around.unsupported("A message to the customer, not from them.", harmless=True)
    said = message.get("contact_message")
    if not isinstance(said, dict):
        return around.unsupported("A message without content.")
    content = content_of(said, text_of(message.get("id")))
    return arrived(message, content, around, quoted_by(said))


def unconverted(callback: dict, around: Envelope) -> list:
    """Something from a customer that Sinch has no form for, with WhatsApp's own body."""
    payload = callback.get("payload")
    if not text_of(raw_message(payload).get("type")):
        return around.unsupported("Something of WhatsApp's that is no message.")
    return arrived(callback, content_of_raw(payload), around)


def arrived(element: dict, said: Content, around: Envelope, quoted: str = "") -> list:
    message_id, identities = text_of(element.get("id")), identities_of(element)
    if not message_id or not identities:
        missing = "an id" if not message_id else "a sender"
        return around.unsupported(f"A message without {missing}.")
    # One put in by a program, not written by a customer now: it must not start anything.
    source = Source.HISTORY if element.get("injected") is True else Source.LIVE
    return [
        InboundMessage(
            id=message_id,
            account_ref=OWN,
            identities=identities,
            kind=said.kind,
            text=said.text,
            content=said.content,
            media=said.media,
            reply_to=said.reply_to or quoted or None,
            sent_at=around.at,
            raw=around.raw,
            source=source,
            opens_window=source is Source.LIVE and said.kind not in _OPENS_NO_WINDOW,
            profile_ref=text_of(element.get("contact_id")),  # empty in DISPATCH mode
        )
    ]


def receipt(report: dict, around: Envelope) -> list:
    message_id, state = text_of(report.get("message_id")), text_of(report.get("status")).upper()
    if state not in _RECEIPTS:
        return around.unsupported(f"A report of the kind “{state}”.", harmless=state in _NO_STEP)
    if not message_id:
        return around.unsupported("A report without its message's id.")
    identities = identities_of(report)
    metadata = text_of(report.get("metadata")) or text_of(around.raw.get("message_metadata"))
    status = _RECEIPTS[state]
    return [
        StatusUpdate(
            account_ref=OWN,
            message_id=message_id,
            correlation_id=metadata or None,
            recipient=identities[0].value if identities else "",
            status=status,
            at=around.at,
            error=fault_of(dict_of(report.get("reason"))) if status is Receipt.FAILED else None,
            recipient_identities=identities,
            raw=around.raw,
        )
    ]
