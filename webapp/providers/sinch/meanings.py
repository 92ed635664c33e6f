"""Sinch's reason codes and answers in words a person understands and can act on.

Codes: developers.sinch.com/docs/conversation/callbacks, "Error codes". The same ones come in
delivery reports and in messages that could not be converted.
"""

from dataclasses import dataclass

from ..meanings import AGAIN, OTHER_TEMPLATE, WORDING

_SINCH = "An admin looks at the app in the Sinch dashboard."
_FILE = "Check the file's type and size, then send it again."
_NUMBER = "Check the number, or reach this person another way."
_KEY = "An admin enters an access key of this project that may use the Conversation API."
_IDS = "An admin compares region, project ID and app ID with the Sinch dashboard."


@dataclass(frozen=True, slots=True)
class Meaning:
    reason: str
    action: str = ""
    permanent: bool = True
    account_wide: bool = False
    auth: bool = False


_OUTAGE = Meaning("Sinch is not available at the moment", AGAIN, permanent=False)
_TOO_MANY = Meaning("Too many messages at once for now", AGAIN, permanent=False, account_wide=True)
_CHANNEL = Meaning("WhatsApp is not set up properly at Sinch", _SINCH, account_wide=True)
_UNREACHABLE = Meaning("Not reachable on WhatsApp", _NUMBER)

# In delivery reports: what became of one message.
REASONS: dict[str, Meaning] = {
    "INTERNAL_ERROR": Meaning("Something went wrong at Sinch", AGAIN, permanent=False),
    "RATE_LIMITED": _TOO_MANY,
    "RECIPIENT_INVALID_CHANNEL_IDENTITY": Meaning("This is not a WhatsApp number", _NUMBER),
    # Also what a person in Meta's experiment without marketing messages gives.
    "RECIPIENT_NOT_REACHABLE": _UNREACHABLE,
    "RECIPIENT_NOT_OPTED_IN": Meaning(
        "This person has not agreed to messages from you", "Wait until they write to you."
    ),
    "OUTSIDE_ALLOWED_SENDING_WINDOW": Meaning(
        "More than 24 hours since this person last wrote", "Send an approved template instead."
    ),
    "CHANNEL_FAILURE": Meaning("Something went wrong at WhatsApp", AGAIN, permanent=False),
    "CHANNEL_BAD_CONFIGURATION": _CHANNEL,
    "CHANNEL_CONFIGURATION_MISSING": _CHANNEL,
    "MEDIA_TYPE_UNSUPPORTED": Meaning("WhatsApp does not take this type of file", _FILE),
    "MEDIA_TOO_LARGE": Meaning("The file is too large for WhatsApp", _FILE),
    "MEDIA_NOT_REACHABLE": Meaning(
        "Sinch could not fetch the file from here",
        "An admin checks that this server's public address is reachable from the internet.",
    ),
    "NO_CHANNELS_LEFT": Meaning("The message could not be delivered", _NUMBER),
    "TEMPLATE_NOT_FOUND": Meaning(
        "The template does not exist, or is not approved", OTHER_TEMPLATE
    ),
    "TEMPLATE_INSUFFICIENT_PARAMETERS": Meaning(
        "The template's variables don't fit", "Fill in every variable, then send again."
    ),
    "TEMPLATE_NON_EXISTING_LANGUAGE_OR_VERSION": Meaning(
        "The template does not exist in this language", OTHER_TEMPLATE
    ),
    "DELIVERY_TIMED_OUT": Meaning(
        "WhatsApp did not take the message in time", AGAIN, permanent=False
    ),
    "DELIVERY_REJECTED_DUE_TO_POLICY": Meaning(
        "WhatsApp's policy does not allow this message", WORDING
    ),
    "CONTACT_NOT_FOUND": Meaning("Sinch does not know this person", _NUMBER),
    "BAD_REQUEST": Meaning("Sinch refused part of the message", WORDING),
    "UNKNOWN_APP": Meaning("Sinch does not know this app", _IDS, account_wide=True),
    "NO_CHANNEL_IDENTITY_FOR_CONTACT": Meaning("This person has no WhatsApp number", _NUMBER),
    "CHANNEL_REJECT": Meaning("WhatsApp refused the message", WORDING),
    "NO_PERMISSION": Meaning("The access key may not do this", _KEY, account_wide=True),
    "NO_PROFILE_AVAILABLE": Meaning("This person has no WhatsApp profile", _NUMBER),
    "UNSUPPORTED_OPERATION": Meaning("WhatsApp does not take this kind of message", WORDING),
    "INACTIVE_CREDENTIAL": Meaning(
        "The number's connection to WhatsApp is not active", _SINCH, account_wide=True
    ),
    "MESSAGE_EXPIRED": Meaning(
        "The message could not be delivered in time", "Send it again if it still matters."
    ),
    "MESSAGE_SPLIT_REQUIRED": Meaning("The message is too long", "Send it in shorter parts."),
    "DELIVERY_REPORT_TIME_OUT": Meaning(
        "WhatsApp never said what became of it", "Ask the person whether it arrived."
    ),
}
INACTIVE_SENDER = Meaning("The business number is not active", _SINCH, account_wide=True)
UNKNOWN_REASON = Meaning(
    "Sinch could not deliver the message", "Details tell more; an admin can look them up."
)

# To a call: by Google's status word, by the HTTP number where there is none.
ANSWERS: dict[str, Meaning] = {
    "INVALID_ARGUMENT": Meaning("Sinch refused part of the message", WORDING),
    "FAILED_PRECONDITION": Meaning("Sinch refused the message as things stand", _SINCH),
    "OUT_OF_RANGE": Meaning("Sinch refused part of the message", WORDING),
    "ALREADY_EXISTS": Meaning("Sinch has this already"),
    "UNAUTHENTICATED": Meaning(
        "Sinch does not accept the access key", _KEY, account_wide=True, auth=True
    ),
    "PERMISSION_DENIED": Meaning(
        "The access key may not use this app", _KEY, account_wide=True, auth=True
    ),
    "NOT_FOUND": Meaning("Sinch does not know this app in this region", _IDS, account_wide=True),
    "RESOURCE_EXHAUSTED": _TOO_MANY,
    "INTERNAL": _OUTAGE,
    "UNAVAILABLE": _OUTAGE,
    "UNIMPLEMENTED": _OUTAGE,
}
BY_NUMBER = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}
# Sinch's own words for not knowing what became of the call.
DOUBTFUL = {"ABORTED", "CANCELLED", "DATA_LOSS", "DEADLINE_EXCEEDED", "UNKNOWN"}
UNKNOWN_ANSWER = Meaning(
    "Sinch refused the message", "Details tell more; an admin can look them up."
)
