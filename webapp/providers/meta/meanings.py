"""Meta's error codes in words a person understands and can act on.

Codes: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
Decide by the code alone: titles and messages change, and the same code comes as an answer to a
call, in a `failed` status, in an inbound message, or for the whole account.
"""

from ..meanings import AGAIN, OTHER_TEMPLATE, WORDING, Kind, Meaning
from ..reading import number_of

_ADMIN_TOKEN = "An admin enters a new access token for this account."
_ADMIN_RIGHTS = "An admin checks the token's permissions in Meta's business settings."
_ADMIN_META = "An admin opens WhatsApp Manager, where Meta says what to do."

_TOKEN_RIGHTS = Meaning(Kind.TOKEN, "The access token may not do this", _ADMIN_RIGHTS)
_OUTAGE = Meaning(Kind.RETRY, "WhatsApp is not available at the moment", AGAIN)
_GROUP = Meaning(Kind.MESSAGE, "This group can't be written to", "Write to its members instead.")
_BLOCK_LIST = Meaning(
    Kind.MESSAGE, "The block list could not be changed", "Only people who wrote in the last day."
)
_VARIABLES = Meaning(
    Kind.REQUEST, "The template's variables don't fit", "Fill in every variable, then send again."
)
_USERNAME = Meaning(
    Kind.REQUEST, "The business username was refused", "An admin chooses another one."
)
_COEXISTENCE = Meaning(
    Kind.REQUEST, "Old conversations are not shared", "Sharing is set in the WhatsApp Business app."
)
_INSIGHTS = Meaning(Kind.REQUEST, "Template figures are not available", _ADMIN_META)
_CALLING = Meaning(Kind.REQUEST, "WhatsApp calls are not used here")

TEMPLATE_CODES = (2388000, 2388999)
TEMPLATE_GONE = 2593002  # (unconfirmed) in answers to the deletion of what is not there
_MEND_TEMPLATE = "Mend the template, then submit it again."


def _template(reason, mend="Mend it"):
    return Meaning(Kind.TEMPLATE, reason, f"{mend}, then submit the template again.")


MEANINGS: dict[int, Meaning] = {
    0: Meaning(Kind.TOKEN, "Meta does not accept the access token", _ADMIN_TOKEN),
    1: Meaning(Kind.RETRY, "WhatsApp could not read the request", AGAIN, max_attempts=3),
    2: _OUTAGE,
    3: _TOKEN_RIGHTS,
    4: Meaning(Kind.SLOW, "Too many calls to Meta for now", AGAIN),
    10: _TOKEN_RIGHTS,
    33: Meaning(
        Kind.ACCOUNT,
        "Meta does not know this phone number id",
        "An admin corrects the phone number id of this account.",
    ),
    100: Meaning(Kind.REQUEST, "WhatsApp refused part of the message", WORDING),
    190: Meaning(Kind.TOKEN, "The access token has expired or was withdrawn", _ADMIN_TOKEN),
    368: Meaning(
        Kind.ACCOUNT, "Meta has blocked this account for breaking its policies", _ADMIN_META
    ),
    613: Meaning(Kind.SLOW, "Too many calls to Meta for now", AGAIN),
    80007: Meaning(Kind.SLOW, "Too many calls to Meta for now", AGAIN),
    130429: Meaning(Kind.SLOW, "Too many messages at once from this number", AGAIN),
    130472: Meaning(
        Kind.MESSAGE,
        "Meta holds this marketing message back as part of an experiment",
        "Wait until the person writes to you.",
    ),
    130497: Meaning(
        Kind.CONTACT,
        "This business may not message people in that country",
        "Reach this person another way.",
    ),
    131000: Meaning(Kind.RETRY, "Something went wrong at WhatsApp", AGAIN),
    131005: _TOKEN_RIGHTS,
    131008: Meaning(Kind.REQUEST, "Something the message needs is missing", WORDING),
    131009: Meaning(Kind.REQUEST, "A value in the message is not valid", WORDING),
    131016: _OUTAGE,
    131020: _GROUP,
    131021: Meaning(
        Kind.MESSAGE, "The business number can't write to itself", "Choose another recipient."
    ),
    131026: Meaning(
        Kind.MESSAGE,
        "Not reachable on WhatsApp",
        "Check the number, or reach this person another way.",
    ),
    131030: Meaning(
        Kind.REQUEST,
        "The test number may not write to this person",
        "An admin adds the person to the test number's list in Meta's app dashboard.",
    ),
    131031: Meaning(Kind.ACCOUNT, "Meta has locked this account", _ADMIN_META),
    131037: Meaning(
        Kind.ACCOUNT,
        "The number's display name is not approved yet",
        "An admin sets the display name in WhatsApp Manager.",
    ),
    131041: _GROUP,
    131042: Meaning(
        Kind.ACCOUNT,
        "Meta can't bill this account",
        "An admin adds a valid means of payment in WhatsApp Manager.",
    ),
    131045: Meaning(
        Kind.ACCOUNT,
        "The number is not registered properly",
        "An admin registers the number again in WhatsApp Manager.",
    ),
    131047: Meaning(
        Kind.MESSAGE,
        "More than 24 hours since this person last wrote",
        "Send an approved template instead.",
    ),
    131048: Meaning(
        Kind.SLOW,
        "Meta limits this number because people reported or blocked it",
        "An admin stops campaigns and looks at the number's quality in WhatsApp Manager.",
        retry_after=4 * 3600,
        stops_campaigns=True,
    ),
    131049: Meaning(
        Kind.MESSAGE,
        "WhatsApp held this marketing message back: the person gets many",
        "Wait a day at least, then try once more.",
    ),
    131050: Meaning(
        Kind.CONTACT,
        "This person stopped marketing messages from you",
        "Send no marketing until they ask for it again.",
    ),
    131051: Meaning(Kind.REQUEST, "WhatsApp does not take this kind of message", WORDING),
    131052: Meaning(
        Kind.MESSAGE,
        "The customer's file could not be fetched; it may be over 100 MB",
        "Ask for it another way.",
    ),
    131053: Meaning(
        Kind.REQUEST,
        "WhatsApp could not take the file",
        "Check the file's type and size, then send it again.",
    ),
    131055: Meaning(Kind.REQUEST, "This way of sending is not allowed", _ADMIN_META),
    131056: Meaning(
        Kind.WAIT, "Too many messages to this person in a short time", AGAIN, retry_after=6
    ),
    131057: Meaning(Kind.SLOW, "WhatsApp is upgrading this number", AGAIN, retry_after=60),
    131059: Meaning(Kind.RETRY, "The list changed while it was read", AGAIN),
    131060: Meaning(
        Kind.MESSAGE, "The message is not available now", "Ask the customer to send it again."
    ),
    131062: Meaning(
        Kind.MESSAGE,
        "This needs the person's phone number",
        "Ask for the number, or send another kind of message.",
    ),
    131063: Meaning(Kind.ACCOUNT, "Marketing is switched off for this account", _ADMIN_META),
    131064: Meaning(
        Kind.ACCOUNT,
        "Sending is capped because templates were in the wrong category",
        "An admin corrects the templates' categories in WhatsApp Manager.",
    ),
    132000: _VARIABLES,
    132001: Meaning(
        Kind.TEMPLATE,
        "The template does not exist in this language, or is not approved",
        OTHER_TEMPLATE,
    ),
    132005: Meaning(
        Kind.REQUEST,
        "The filled-in template is too long",
        "Shorten the variables and send again.",
    ),
    132007: Meaning(
        Kind.TEMPLATE, "The template's content breaks WhatsApp's rules", OTHER_TEMPLATE
    ),
    132008: _VARIABLES,
    132012: _VARIABLES,
    132015: Meaning(Kind.TEMPLATE, "The template is paused for low quality", OTHER_TEMPLATE),
    132016: Meaning(Kind.TEMPLATE, "The template is disabled for good", OTHER_TEMPLATE),
    132018: _VARIABLES,
    132068: Meaning(Kind.TEMPLATE, "The flow in this message is blocked", OTHER_TEMPLATE),
    132069: Meaning(Kind.WAIT, "The flow in this message is limited", AGAIN, retry_after=3600),
    133000: Meaning(
        Kind.ACCOUNT,
        "The number's earlier removal was not finished",
        "An admin removes the number again in WhatsApp Manager.",
    ),
    133004: _OUTAGE,
    133005: Meaning(Kind.REQUEST, "The two-step PIN is wrong", "An admin enters the right PIN."),
    133006: Meaning(
        Kind.REQUEST,
        "The number has to be verified first",
        "An admin verifies it in WhatsApp Manager.",
    ),
    133008: Meaning(
        Kind.WAIT, "The two-step PIN was tried too often", "An admin waits as Meta says."
    ),
    133009: Meaning(
        Kind.WAIT, "The two-step PIN was tried too quickly", "An admin waits as Meta says."
    ),
    133010: Meaning(
        Kind.ACCOUNT, "The number is not registered", "An admin registers it in WhatsApp Manager."
    ),
    133015: Meaning(
        Kind.WAIT, "The number is still being removed", "Wait five minutes.", retry_after=300
    ),
    133016: Meaning(
        Kind.WAIT,
        "The number was registered too often",
        "An admin waits three days.",
        retry_after=72 * 3600,
    ),
    134011: Meaning(
        Kind.ACCOUNT,
        "WhatsApp's payment terms are not accepted",
        "An admin accepts them in WhatsApp Manager.",
    ),
    134100: Meaning(Kind.REQUEST, "This is not a marketing template", OTHER_TEMPLATE),
    134101: Meaning(
        Kind.WAIT, "The template is still being prepared", AGAIN, retry_after=600, max_attempts=4
    ),
    # Comes with HTTP 500, and still a blind retry never helps.
    134102: Meaning(Kind.TEMPLATE, "The template can't be used by this account", OTHER_TEMPLATE),
    134103: Meaning(
        Kind.TEMPLATE, "The template can't be used for marketing messages", OTHER_TEMPLATE
    ),
    135000: Meaning(Kind.RETRY, "WhatsApp refused part of the message", WORDING, max_attempts=2),
    137000: Meaning(
        Kind.MESSAGE,
        "The person's WhatsApp security code has changed",
        "Make sure it is still the same person, then confirm.",
    ),
    141002: Meaning(Kind.TEMPLATE, "The template is not approved", OTHER_TEMPLATE),
    # What creating and changing a template may be refused with; the subcode beside a bare 100.
    2388019: Meaning(
        Kind.TEMPLATE,
        "This WhatsApp account has as many templates as it may have",
        "Delete templates that are no longer used, then submit again.",
    ),
    # (unconfirmed), as are the next three: seen in answers, in no page of Meta's
    2388023: Meaning(
        Kind.TEMPLATE,
        "A template of this name is still being deleted in this language",
        "Choose another name; this one is free again after four weeks.",
    ),
    2388024: Meaning(
        Kind.TEMPLATE,
        "WhatsApp has a template of this name in this language already",
        "Choose another name, or sync and change the one that is there.",
    ),
    2388025: Meaning(
        Kind.TEMPLATE, "WhatsApp no longer has this template", "Sync, then write it anew."
    ),
    2388040: _template("Part of the template is too long"),
    2388047: _template("WhatsApp refused the template's header"),
    2388072: _template("WhatsApp refused the template's body"),
    2388073: _template("WhatsApp refused the template's footer"),
    2388293: _template(
        "The body has too many variables for so few words", "Add words, or take variables out"
    ),
    2388299: _template(
        "A variable stands at the start or at the end of the body",
        "Add fixed words before and after it",
    ),
    TEMPLATE_GONE: Meaning(
        Kind.TEMPLATE, "WhatsApp no longer has this template", "Sync the templates."
    ),
    2494100: Meaning(Kind.SLOW, "The number is being moved or maintained", AGAIN, retry_after=600),
}

# First and last code of a family that means one thing.
_FAMILIES: tuple[tuple[int, int, Meaning], ...] = (
    (200, 299, _TOKEN_RIGHTS),
    (131201, 131215, _GROUP),
    (138000, 138999, _CALLING),
    (139100, 139103, _BLOCK_LIST),
    (147001, 147004, _USERNAME),
    (200005, 200007, _INSIGHTS),
    (*TEMPLATE_CODES, Meaning(Kind.TEMPLATE, "WhatsApp refused the template", _MEND_TEMPLATE)),
    (2593107, 2593109, _COEXISTENCE),
)

_UNKNOWN = Meaning(
    Kind.MESSAGE, "WhatsApp refused the message", "Details tell more; an admin can look them up."
)
_UNKNOWN_TEMPORARY = Meaning(Kind.RETRY, "WhatsApp has a problem at the moment", AGAIN)


def is_of_template(number) -> bool:
    """Whether the code speaks of what a template is made of."""
    first, last = TEMPLATE_CODES
    return number is not None and (first <= number <= last or number == TEMPLATE_GONE)


def may_pass_later(code) -> bool:
    """131049 is final for the moment only: Meta lets the person have some again after a day."""
    return meaning_of(code).may_pass or number_of(code) == 131049


def meaning_of(code, temporary: bool = False) -> Meaning:
    """`temporary`: how the call's status or Meta's own flag judges a code we do not know."""
    number = number_of(code)
    known = MEANINGS.get(int(number)) if number is not None else None
    if known:
        return known
    for first, last, meaning in _FAMILIES:
        if number is not None and first <= number <= last:
            return meaning
    return _UNKNOWN_TEMPORARY if temporary else _UNKNOWN
