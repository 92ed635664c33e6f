"""A customer's message in the flat form of V1: one variable each for what it consists of.

developers.kaleyra.io/docs/create-callback-profile-for-incoming-whatsapp-messages
"""

from datetime import datetime

from ..events import AccountRef, InboundMessage, Unsupported
from ..meta.people import name_of, person
from ..reading import dict_of, digits_of, text_of
from .contents import content_of_variables, kind_of, raw_message
from .identifiers import kaleyra_id, made_up_id, time_of

_OPENS_NO_WINDOW = {"reaction", "edit", "revoke", "system", "request_welcome"}
# Beyond the documented sum: two places sent in one second differ in nothing else.
_TELLING = ("type", "body", "media_url", "location", "contacts", "payload")


def message_of(variables: dict, own_number: str, at: datetime) -> list:
    message = raw_message(variables)
    ref = account_ref(variables, message)
    identities = person(variables.get("from") or variables.get("mobile") or message.get("from"))
    name = kind_of(variables)
    if not identities or not name:
        missing = "a sender" if not identities else "a type or a text"
        return [Unsupported(ref, name, f"A message without {missing}.", variables)]
    said = content_of_variables(variables)
    written = variables.get("created_at") or message.get("timestamp")
    context = dict_of(message.get("context"))
    quoted = kaleyra_id(variables.get("reply_to")) or text_of(context.get("id"))
    return [
        InboundMessage(
            id=_id(variables, message, ref.display_phone or own_number, identities, at),
            account_ref=ref,
            identities=identities,
            sender_name=text_of(variables.get("name")).strip() or name_of(message),
            kind=said.kind,
            text=said.text,
            content=said.content,
            media=said.media,
            reply_to=said.reply_to or quoted or None,
            sent_at=time_of(written, at),
            raw=variables,
            opens_window=name not in _OPENS_NO_WINDOW,
        )
    ]


def account_ref(variables: dict, message: dict | None = None) -> AccountRef:
    names = ("wanumber", "display_phone_number", "phone_number")
    given = (digits_of(variables.get(name)) for name in names)
    number = next(filter(None, given), "") or digits_of((message or {}).get("wa_number"))
    return AccountRef(display_phone=number or None)


def _id(variables, message, account, identities, at):
    given = text_of(message.get("id")) or text_of(variables.get("id"))
    # Without a time the same words of another day would count as a repeat, and be lost.
    written = variables.get("created_at") or int(at.timestamp())
    said = [_plain(variables.get(name)) for name in _TELLING]
    return given or made_up_id(account, identities[0].value, written, *said)


def _plain(value):
    return str(value) if isinstance(value, dict | list) else text_of(value)
