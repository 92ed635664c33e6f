"""Why recipients were left out, failed or wait, in words: our own reasons and providers' codes."""

from webapp.campaigns.audience import selection
from webapp.campaigns.models import RecipientState
from webapp.providers import PROVIDERS
from webapp.providers.meanings import Kind, Meaning

OURS = {
    **{code: Meaning(Kind.CONTACT, words) for code, words in selection.REASONS.items()},
    "missing_value": Meaning(
        Kind.REQUEST,
        "A variable is empty",
        "Fill in the field, or give the variable a fallback in a copy.",
    ),
    "frequency": Meaning(Kind.CONTACT, "Had as much marketing as may be", "Write to them later."),
    "too_soon": Meaning(Kind.WAIT, "Something else was sent to them a moment ago"),
    "no_answer": Meaning(Kind.MESSAGE, "No answer, outcome unknown"),
    "no_member": Meaning(Kind.CONTACT, "No longer in its audience"),
    "blocked": Meaning(Kind.CONTACT, "Blocked contact"),
    "erased": Meaning(Kind.CONTACT, "Their data was erased"),
    "merged": Meaning(Kind.CONTACT, "Became part of another contact"),
    "account_disabled": Meaning(Kind.ACCOUNT, "The account was switched off"),
    "capability": Meaning(Kind.ACCOUNT, "The account cannot send templates"),
    "plan": Meaning(Kind.ACCOUNT, "The plan did not allow it"),
    "template_elsewhere": Meaning(Kind.TEMPLATE, "The template is of another account"),
    "template_gone": Meaning(Kind.TEMPLATE, "The template is no longer kept here"),
    "template_stopped": Meaning(Kind.TEMPLATE, "The template could not be sent"),
    "by_hand": Meaning(Kind.RETRY, "Settled by hand: not sent"),
    "failed": Meaning(Kind.MESSAGE, "Failed, and the provider gave no reason"),
    "stopped": Meaning(Kind.MESSAGE, "The campaign was stopped first"),
    "ended": Meaning(Kind.MESSAGE, "The campaign's end came first"),
}
NO_ANSWER = "No answer, outcome unknown"


def meaning(provider, reason):
    """A Meaning for what stands in `recipients.reason`: of our own word, or of a code by the table
    of the provider with this name."""
    if reason in OURS:
        return OURS[reason]
    return PROVIDERS[provider].meaning(reason) if provider in PROVIDERS else OURS["failed"]


def in_words(provider, recipient):
    """Why this one stands where it does; empty where the state says it all."""
    if recipient.state == RecipientState.UNKNOWN:
        return "No answer: a receipt will settle it, or you"
    if not recipient.reason:
        return ""
    if recipient.reason in OURS:
        return recipient.detail or OURS[recipient.reason].reason
    return meaning(provider, recipient.reason).reason


def provider_of(campaign):
    """Its account's provider by name; a campaign without one has failed nowhere."""
    return campaign.account.provider if campaign.account else ""
