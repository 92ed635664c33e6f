"""Twilio's error codes in words a person understands and can act on.

Codes: twilio.com/docs/api/errors. One code means the same as the answer to a call, in a message
that failed at once, and in a status callback.
"""

from ..meanings import AGAIN, OTHER_TEMPLATE, WORDING, Kind, Meaning
from ..reading import number_of

_TOKEN = "An admin enters the Account SID and the Auth Token of this account again."
_CONSOLE = "An admin opens the Twilio Console, where the account's page says what to do."
_SENDER = "An admin compares this account's number with the WhatsApp senders in the Twilio Console."
_SERVICE = "An admin checks the Messaging Service in the Twilio Console."
_WEBHOOK = "An admin looks at this server's log and the error log in the Twilio Console."
_NUMBER = "Check the number, or reach this person another way."
_OTHER_WAY = "Reach this person another way."
_FILE = "Check the file's type and size, then send it again."
_VARIABLES = "Fill in every variable, then send again."
_NO_MORE = "Write no more until they write to you."

_BAD_NUMBER = Meaning(Kind.CONTACT, "The number is not valid", _NUMBER)
_PAIR = Meaning(Kind.MESSAGE, "Twilio can't write from this number to that one", _SENDER)
_INCOMPLETE = Meaning(Kind.REQUEST, "Something the message needs is missing", WORDING)
_NO_CONTENT = Meaning(Kind.TEMPLATE, "Twilio does not know this template", OTHER_TEMPLATE)
_VARIABLES_REFUSED = Meaning(Kind.REQUEST, "The template's variables don't fit", _VARIABLES)
_NO_SENDER = Meaning(Kind.ACCOUNT, "This number is not a WhatsApp sender at Twilio", _SENDER)
_NO_SERVICE = Meaning(Kind.ACCOUNT, "The Messaging Service is missing or has no sender", _SERVICE)
_OUR_WEBHOOK = Meaning(Kind.ACCOUNT, "Twilio could not use this server's answer", _WEBHOOK)
_SUSPENDED = Meaning(Kind.TOKEN, "Twilio has suspended this account", _CONSOLE)
_NOT_ON_WHATSAPP = Meaning(Kind.CONTACT, "Not reachable on WhatsApp", _NUMBER)
_CONTENT = Meaning(Kind.MESSAGE, "WhatsApp did not take the message's content", WORDING)
_OUTAGE = Meaning(Kind.RETRY, "WhatsApp is not available at the moment", AGAIN)
_OPTED_OUT = Meaning(Kind.OPTED_OUT, "This person asked for no more messages", _NO_MORE)
_FILE_REFUSED = Meaning(Kind.MESSAGE, "WhatsApp could not take the file", _FILE)
_META_SETTINGS = Meaning(
    Kind.ACCOUNT,
    "Something about the WhatsApp account is not in order at Meta",
    "An admin opens the sender in the Twilio Console and WhatsApp Manager.",
)

MEANINGS: dict[int, Meaning] = {
    11200: _OUR_WEBHOOK,
    12100: _OUR_WEBHOOK,
    12200: _OUR_WEBHOOK,
    12300: _OUR_WEBHOOK,
    20003: Meaning(Kind.TOKEN, "Twilio does not accept the Account SID and Auth Token", _TOKEN),
    20005: _SUSPENDED,
    20404: Meaning(Kind.MESSAGE, "Twilio does not know what was asked for", WORDING),
    20429: Meaning(Kind.SLOW, "Too many calls to Twilio for now", AGAIN, retry_after=5),
    20500: Meaning(Kind.RETRY, "Something went wrong at Twilio", AGAIN),
    20503: Meaning(Kind.RETRY, "Twilio is not available at the moment", AGAIN),
    21211: _BAD_NUMBER,
    21212: _NO_SENDER,
    21408: Meaning(
        Kind.MESSAGE,
        "This Twilio account may not write to that country",
        "An admin allows the country in the Twilio Console, Messaging, Geo permissions.",
    ),
    21603: _INCOMPLETE,
    21604: _INCOMPLETE,
    21606: _PAIR,
    21608: Meaning(
        Kind.CONTACT,
        "A trial account may write to verified numbers only",
        "An admin verifies the number in the Twilio Console, or upgrades the account.",
    ),
    21609: Meaning(
        Kind.ACCOUNT,
        "Twilio does not accept this server's address for receipts",
        "An admin sets PUBLIC_URL to the server's public https address.",
    ),
    21610: _OPTED_OUT,
    21612: _PAIR,
    21614: _BAD_NUMBER,
    21617: Meaning(Kind.REQUEST, "The text is longer than 1,600 characters", "Send it in parts."),
    21619: _INCOMPLETE,
    21620: Meaning(
        Kind.REQUEST,
        "Twilio could not use the file's address",
        "An admin checks that this server can be reached at its public address.",
    ),
    21623: Meaning(Kind.REQUEST, "WhatsApp takes one file per message", "Send one at a time."),
    21654: _NO_CONTENT,
    21655: _NO_CONTENT,
    21656: _VARIABLES_REFUSED,
    21660: _NO_SENDER,
    21701: _NO_SERVICE,
    21703: _NO_SERVICE,
    21704: _NO_SERVICE,
    21910: Meaning(
        Kind.ACCOUNT, "Twilio took the two numbers for those of different channels", _SENDER
    ),
    30001: Meaning(
        Kind.RETRY, "Too many messages wait at Twilio", AGAIN, retry_after=60, max_attempts=4
    ),
    30002: _SUSPENDED,
    30003: _NOT_ON_WHATSAPP,
    30007: Meaning(Kind.MESSAGE, "The message was filtered as unwanted", WORDING),
    30008: Meaning(Kind.RETRY, "The message was lost for a reason nobody gave", AGAIN),
    63001: Meaning(
        Kind.ACCOUNT,
        "WhatsApp does not accept Twilio's access to this number",
        "An admin opens the sender in the Twilio Console and connects it again.",
    ),
    63002: _NO_SENDER,
    63003: _NOT_ON_WHATSAPP,
    63005: _CONTENT,
    63006: _CONTENT,
    63007: _NO_SENDER,
    63008: Meaning(Kind.ACCOUNT, "The WhatsApp sender is not set up properly", _CONSOLE),
    63009: _OUTAGE,
    63010: Meaning(Kind.RETRY, "Something went wrong at Twilio", AGAIN),
    63012: _OUTAGE,
    63013: Meaning(
        Kind.MESSAGE,
        "The message breaks WhatsApp's policies",
        "An admin reads WhatsApp's policies before more like it is sent.",
    ),
    63014: Meaning(Kind.CONTACT, "This person has blocked the business", _OTHER_WAY),
    63015: Meaning(
        Kind.CONTACT,
        "This person has not joined Twilio's sandbox",
        "They send the sandbox's join words once, as the Twilio Console shows them.",
    ),
    63016: Meaning(
        Kind.MESSAGE,
        "More than 24 hours since this person last wrote",
        "Send an approved template instead.",
    ),
    63017: Meaning(Kind.SLOW, "Too many messages at once from this number", AGAIN, retry_after=30),
    63018: Meaning(
        Kind.SLOW,
        "The number has reached its limit at WhatsApp",
        "An admin slows campaigns down and looks at the number's limit in the Twilio Console.",
        retry_after=600,
    ),
    63019: Meaning(
        Kind.MESSAGE,
        "Twilio could not fetch the file from this server",
        "Send it again; an admin checks that the server can be reached at its public address.",
    ),
    63020: _META_SETTINGS,
    63021: _CONTENT,
    63022: _META_SETTINGS,
    63024: _NOT_ON_WHATSAPP,
    63026: Meaning(
        Kind.MESSAGE,
        "WhatsApp took the message for spam",
        "An admin stops campaigns and looks at the number's quality.",
    ),
    63027: Meaning(Kind.TEMPLATE, "The template does not exist in this language", OTHER_TEMPLATE),
    63028: _VARIABLES_REFUSED,
    63029: Meaning(Kind.TEMPLATE, "The person's phone could not load the template", _OTHER_WAY),
    63030: Meaning(Kind.REQUEST, "WhatsApp does not take a part of the message", WORDING),
    63031: Meaning(
        Kind.MESSAGE, "The business number can't write to itself", "Choose another recipient."
    ),
    63032: Meaning(
        Kind.MESSAGE,
        "WhatsApp holds messages to this person back for now",
        "Wait until the person writes to you.",
    ),
    63033: _OPTED_OUT,
    63034: Meaning(Kind.MESSAGE, "The file is too large for WhatsApp", "Send a smaller one."),
    63037: _FILE_REFUSED,
    63038: Meaning(
        Kind.SLOW,
        "The Twilio account has sent its messages for today",
        "An admin asks Twilio for a higher daily limit; the messages wait.",
        retry_after=3600,
    ),
    63040: Meaning(Kind.TEMPLATE, "The template was rejected by WhatsApp", OTHER_TEMPLATE),
    63041: Meaning(Kind.TEMPLATE, "The template is paused for low quality", OTHER_TEMPLATE),
    63042: Meaning(Kind.TEMPLATE, "The template is disabled for good", OTHER_TEMPLATE),
    63049: Meaning(
        Kind.MESSAGE,
        "WhatsApp held this marketing message back: the person gets many",
        "Wait a day at least, then try once more.",
    ),
    63051: Meaning(Kind.ACCOUNT, "Meta has locked the WhatsApp account", _CONSOLE),
}

_UNKNOWN = Meaning(
    Kind.MESSAGE, "Twilio refused the message", "Details tell more; an admin can look them up."
)
_UNKNOWN_TEMPORARY = Meaning(Kind.RETRY, "Twilio has a problem at the moment", AGAIN)


def meaning_of(code, temporary: bool = False) -> Meaning:
    """`temporary`: how the answer's status judges a code we do not know."""
    number = number_of(code)
    known = MEANINGS.get(int(number)) if number is not None else None
    return known or (_UNKNOWN_TEMPORARY if temporary else _UNKNOWN)
