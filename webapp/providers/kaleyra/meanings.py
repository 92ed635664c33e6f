"""Kaleyra's own error codes in words a person understands and can act on.

Codes: developers.kaleyra.io/docs/whatsapp-api-v2-error-codes-for-send-message and
developers.kaleyra.io/docs/whatsapp-error-codes. Meta's numbers come through unchanged and mean
what they mean there. `E13001` stands for dozens of validation texts: there the text tells.
"""

from dataclasses import dataclass

from .. import meanings as shared
from ..meanings import AGAIN, WORDING, Kind
from ..meta.meanings import may_pass_later as meta_may_pass_later
from ..meta.meanings import meaning_of
from ..reading import number_of, text_of


@dataclass(frozen=True, slots=True)
class Meaning:
    reason: str
    action: str = ""
    permanent: bool = True
    retry_after: float | None = None
    max_attempts: int | None = None
    account_wide: bool = False
    auth: bool = False
    until_tomorrow: bool = False
    of_template: bool = False
    stops_campaigns: bool = False


CREDENTIALS = Meaning(
    "Kaleyra does not accept the SID or the API key",
    "An admin copies both again from Kaleyra's console, Profile, API keys.",
    account_wide=True,
    auth=True,
)
NOT_FOUND = Meaning(
    "Kaleyra does not know this SID at this address",
    "An admin compares the SID and the region with Kaleyra's console.",
    account_wide=True,
    auth=True,
)
TOO_MANY = Meaning(
    "Too many messages to Kaleyra for now", AGAIN, permanent=False, account_wide=True
)
OUTAGE = Meaning("Kaleyra has a problem at the moment", AGAIN, permanent=False, max_attempts=3)

CODES: dict[str, Meaning] = {
    "RBC001": CREDENTIALS,
    "E110": Meaning(
        "The balance at Kaleyra is used up",
        "An admin tops it up in Kaleyra's console; waiting messages then leave by themselves.",
        permanent=False,
        retry_after=900,
        account_wide=True,
    ),
    "WAV2101": Meaning(
        "Today's limit of the account at Kaleyra is reached",
        "An admin asks Kaleyra for a higher limit; waiting messages leave tomorrow.",
        permanent=False,
        account_wide=True,
        until_tomorrow=True,
    ),
    "WA400": Meaning("Kaleyra refused part of the message", WORDING),
    "WA401": Meaning(
        "This account may not send from this number at Kaleyra",
        "An admin checks in Kaleyra's console that the number and the WhatsApp account belong to "
        "this SID and are approved.",
        account_wide=True,
        auth=True,
    ),
    # The documentation asks for retries after 5, 10 and 15 minutes.
    "WA500": Meaning(
        "Kaleyra has a problem at the moment", AGAIN, permanent=False, retry_after=300,
        max_attempts=4,
    ),
}  # fmt: skip

# Words for the parameter that an answer like {"error": {"to": "invalid number"}} names.
PARAMETERS = {
    "action": "the buttons or the list",
    "api-key": "the API key",
    "body": "the text",
    "callback_profile_id": "the callback profile",
    "callback_url": "the address for receipts",
    "caption": "the caption",
    "channel": "the channel",
    "from": "the business number",
    "lang_code": "the template's language",
    "media": "the file",
    "media_url": "the file's address",
    "param_contacts": "the contact",
    "param_header": "the variable in the template's header",
    "param_lat": "the place",
    "param_long": "the place",
    "param_url": "the variable in the template's link",
    "params": "the template's variables",
    "template_name": "the template",
    "to": "the recipient's number",
    "type": "the kind of message",
    "verification_code": "the code",
}


def may_pass_later(code) -> bool:
    """Of Kaleyra's own codes those that are not about the message itself."""
    own = CODES.get(text_of(code).strip().upper())
    if own is None:
        return meta_may_pass_later(code)
    return not own.permanent or own.account_wide


def known_meaning(code, temporary: bool = False) -> Meaning | None:
    """By Kaleyra's table, else by Meta's, to whose numbers Kaleyra adds nothing."""
    name = text_of(code).strip().upper()
    if name in CODES:
        return CODES[name]
    if number_of(name) is None:
        return None
    meta = meaning_of(name, temporary)
    if meta is meaning_of(None, temporary):  # unknown there too: then the text tells more
        return None
    return Meaning(
        meta.reason,
        meta.action,
        meta.permanent,
        meta.retry_after,
        meta.max_attempts,
        account_wide=meta.whole_account,
        of_template=meta.kind == Kind.TEMPLATE,
        stops_campaigns=meta.stops_campaigns,
    )


def meaning_for_people(code) -> shared.Meaning:
    """The same as all providers tell it, for a code that was kept: for whom it is final."""
    own = CODES.get(text_of(code).strip().upper())
    return shared.Meaning(_kind(own), own.reason, own.action) if own else meaning_of(code)


def _kind(own):
    if own.auth:
        return Kind.TOKEN
    if own.account_wide:
        return Kind.ACCOUNT if own.permanent else Kind.SLOW
    return Kind.REQUEST if own.permanent else Kind.RETRY
