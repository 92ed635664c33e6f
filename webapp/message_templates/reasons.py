"""Why WhatsApp rejected, paused or disabled a template, in words a person can act on."""

from webapp.message_templates.models import TemplateStatus

# The provider's word → why, and what to do.
# developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-review
_REJECTED = {
    "ABUSIVE_CONTENT": (
        "WhatsApp finds the words threatening or abusive.",
        "Write it in a friendlier way, then submit it again.",
    ),
    "INCORRECT_CATEGORY": (
        "The words do not fit the category.",
        "Choose the category that fits (an offer is marketing), then submit it again.",
    ),
    "INVALID_FORMAT": (
        "The form is not right: a variable, a link or a button.",
        "Check variables, links and buttons, then submit it again.",
    ),
    "PROMOTIONAL": (
        "The words promote something, which only marketing may.",
        "Make it a marketing template, or take the offer out, then submit it again.",
    ),
    "SCAM": (
        "WhatsApp takes it for a fraud.",
        "Say clearly who writes and why, ask for nothing secret, then submit it again.",
    ),
    "TAG_CONTENT_MISMATCH": (
        "The language or the category does not fit the words.",
        "Check both, then submit it again.",
    ),
    "CATEGORY_NOT_AVAILABLE": (
        "This account may not use the category.",
        "Choose another category, then submit it again.",
    ),
}
_BY_STATUS = {
    TemplateStatus.REJECTED: (
        "WhatsApp rejected it and gave no reason.",
        "Look at it with WhatsApp's template guidelines, then submit it again.",
    ),
    TemplateStatus.PAUSED: (
        "Customers blocked or reported it, so WhatsApp paused it.",
        "It comes back by itself. A third pause disables it: better change it before.",
    ),
    TemplateStatus.DISABLED: (
        "WhatsApp disabled it for good, after too many complaints or a broken rule.",
        "Write a new template; this one can't be used or deleted.",
    ),
    TemplateStatus.LIMIT_EXCEEDED: (
        "The account has as many templates as it may have.",
        "Delete templates that are no longer used, then submit it again.",
    ),
    TemplateStatus.ARCHIVED: (
        "It was not used for long, so WhatsApp archived it, and deletes it after 28 days.",
        "Take it out of the archive in WhatsApp Manager if it is still needed.",
    ),
    TemplateStatus.PENDING_DELETION: ("It is being deleted at WhatsApp.", ""),
    TemplateStatus.DELETED: ("It was deleted at WhatsApp.", ""),
    TemplateStatus.IN_APPEAL: ("The rejection was appealed and is being looked at again.", ""),
    TemplateStatus.UNKNOWN: (
        "WhatsApp gives it a state we do not know.",
        "An admin looks at it in WhatsApp Manager.",
    ),
}
_PACED = (
    "WhatsApp holds it back while it watches how the first recipients take it.",
    "It comes back by itself, or is released in WhatsApp Manager.",
)
_FLAGGED = (
    "Customers complain about it: WhatsApp may pause it soon.",
    "Send it to fewer people, or change it.",
)


def explained(status, word="", reason="", pause="", detail="", recommendation=""):
    """(why, what to do); both empty where there is nothing to explain. `word` is the provider's
    state, `reason` its reason, `detail` and `recommendation` what it wrote besides."""
    why, mend = _sentences(status, word, reason, pause)
    if detail and status == TemplateStatus.REJECTED:
        why = f"{why} WhatsApp says: {detail}"
    return why, recommendation or mend


def _sentences(status, word, reason, pause):
    if status == TemplateStatus.REJECTED and reason in _REJECTED:
        return _REJECTED[reason]
    if status == TemplateStatus.PAUSED and pause == "RATE_LIMITING_PAUSE":
        return _PACED
    if word == "FLAGGED":
        return _FLAGGED
    return _BY_STATUS.get(status, ("", ""))
