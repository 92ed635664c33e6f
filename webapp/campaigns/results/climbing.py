"""What receipts make of recipients: they climb only, and proof of delivery overrules a failure."""

from webapp.campaigns.models import RecipientState
from webapp.providers.charging import charged_as

READ = ("read", "played")  # `played` is what a voice message's `read` is called
PROVES_DELIVERY = ("delivered", *READ)
# Refused for now and queued again: only proof of delivery takes a recipient from there.
UNDER_WAY = (RecipientState.SENDING, RecipientState.UNKNOWN)
STEPS = {
    RecipientState.SENT: 1,
    RecipientState.DELIVERED: 2,
    RecipientState.READ: 3,
    # What the customer did, or did not do, stands above what their telephone tells.
    RecipientState.NO_RESPONSE: 4,
    RecipientState.REPLIED: 4,
}
NO_CODE = "failed"


def climb(entry, heard, latest):
    """One receipt for one held recipient; whether its state is another one now.

    A recipient follows the latest attempt; that it was delivered counts from any attempt. In
    whatever order receipts come, they end alike.
    """
    before = entry.state
    if heard.status in PROVES_DELIVERY:
        _prove(entry, heard)
    elif latest and heard.status == "failed":
        _fail(entry, heard)
    elif latest and entry.state in UNDER_WAY:
        _accept(entry, heard.at)
        entry.move(RecipientState.SENT, heard.at)
    return entry.state != before


def _prove(entry, heard):
    if entry.state == RecipientState.SKIPPED:
        return
    _accept(entry, heard.at)
    entry.retry_at = None
    entry.delivered_at = _earlier(entry.delivered_at, heard.at)
    entry.charged_as = entry.charged_as or charged_as(heard.detail)
    if heard.status in READ:
        entry.read_at = _earlier(entry.read_at, heard.at)
    goal = RecipientState.READ if entry.read_at else RecipientState.DELIVERED
    if STEPS.get(entry.state, 0) < STEPS[goal]:
        entry.move(goal, heard.at)


def _fail(entry, heard):
    if entry.state in (*UNDER_WAY, RecipientState.SENT):
        _accept(entry, heard.at)
        entry.move(RecipientState.FAILED, heard.at, *reason_of(heard.error))


def reason_of(error):
    """(the provider's code, a sentence) of a receipt's error; without one it only failed."""
    error = error or {}
    return (error.get("code") or NO_CODE)[:40], error.get("reason") or error.get("title") or None


def _accept(entry, at):
    """Whatever a receipt says, the provider had taken the message."""
    entry.sent_at = entry.sent_at or at


def _earlier(known, at):
    return min(known, at) if known else at
