"""Receipts in both forms, on the one ladder.

A receipt is matched by `ref` (our correlation id), else by Kaleyra's id, both without the place of
the recipient behind the colon; `trace_id` and WhatsApp's own id stand in where there is neither.
developers.kaleyra.io/docs/create-callback-profile-for-outgoing-whatsapp-messages
"""

from dataclasses import replace
from datetime import datetime

from ..events import Receipt, StatusUpdate, Unsupported
from ..meta.messages import Surroundings, receipt
from ..meta.people import person
from ..reading import dict_of, digits_of, list_of, text_of
from .decoding import structured
from .errors import fault_of
from .flat import account_ref
from .identifiers import receipt_id, time_of

_STATES = {
    "sent": Receipt.SENT,
    "delivered": Receipt.DELIVERED,
    "read": Receipt.READ,
    "played": Receipt.PLAYED,
    "failed": Receipt.FAILED,
    "0": Receipt.FAILED,
    # Kaleyra itself did not hand it over: balance, validation, a do-not-disturb list.
    "not-sent": Receipt.FAILED,
    "notsent": Receipt.FAILED,
}


def state_of(value) -> Receipt | None:
    return _STATES.get(text_of(value).strip().lower().replace("_", "-").replace(" ", "-"))


def flat(variables: dict, at: datetime) -> list:
    ref, state = account_ref(variables), state_of(variables.get("status"))
    message_id = receipt_id(variables.get("id"), variables.get("trace_id"))
    correlation_id = text_of(variables.get("ref")) or None
    if state is None:
        reason = f"A receipt of the kind “{text_of(variables.get('status'))}”."
        return [Unsupported(ref, "status", reason, variables, harmless=True)]
    if not message_id and not correlation_id:
        return [Unsupported(ref, "status", "A receipt without its message's id.", variables)]
    recipient = variables.get("mobile") or variables.get("to")
    return [
        StatusUpdate(
            account_ref=ref,
            message_id=message_id or correlation_id,
            correlation_id=correlation_id,
            recipient=digits_of(recipient),
            recipient_identities=person(recipient),
            status=state,
            at=time_of(variables.get("timestamp"), at),
            error=_flat_fault(variables) if state is Receipt.FAILED else None,
            raw=variables,
            billing={"price": variables["price"]} if variables.get("price") else None,
        )
    ]


def _flat_fault(variables):
    told = structured(variables.get("error"))
    if isinstance(told, dict):
        code = variables.get("error_code") or told.get("code")
        return fault_of(code, told.get("title") or told.get("message"), told.get("details"))
    return fault_of(variables.get("error_code"), text_of(told))


def wrapped(status: dict, document: dict, extra: dict, around: Surroundings) -> list:
    state = state_of(text_of(status.get("status")) or document.get("status"))
    correlation_id = text_of(extra.get("ref")) or None
    wamid = extra.get("message_id") or document.get("message_id")
    message_id = receipt_id(status.get("id"), extra.get("trace_id"), wamid) or correlation_id
    known = {
        **status,
        "id": message_id or "",
        "status": str(state) if state else text_of(status.get("status")),
        "biz_opaque_callback_data": correlation_id,
    }
    return [
        replace(
            event,
            error=_fault(status, document) if event.status is Receipt.FAILED else None,
            raw=document,
            at=time_of(status.get("timestamp"), around.at),
        )
        if isinstance(event, StatusUpdate)
        else replace(event, harmless=state is None)
        for event in receipt(known, around)
    ]


def _fault(status, document):
    errors = list_of(status.get("errors")) or list_of(document.get("errors"))
    error = dict_of(next(iter(errors), None))
    title = error.get("title") or error.get("message")
    return fault_of(error.get("code"), title, dict_of(error.get("error_data")).get("details"))
