"""Whether a person may reply in a conversation, and what stands in the text box's place if not."""

from dataclasses import dataclass

from webapp import words
from webapp.accounts.access_points import capabilities_of
from webapp.inbox import closing, gate, presenting, sending
from webapp.inbox.models import CloseReason
from webapp.staff import access


@dataclass(frozen=True, slots=True)
class Composer:
    """Whether this person may reply here now, and if not, why and what can be done."""

    state: str  # open, closed, theirs, free
    headline: str = ""
    reason: str = ""
    action: str = ""
    may_take: bool = False
    continues_in: int | None = None  # the conversation that has begun since
    templates: bool = False  # the picker stands in the text box's place
    may_go_on: bool = False  # free text in a new conversation: the window is open still


def of(interaction, user):
    if interaction.is_closed():
        return _ended(interaction, user)
    if not access.may_write(user, interaction):
        return _not_mine(interaction, user)
    refusal = sending.may_send(interaction)
    if refusal is None:
        return Composer("open")
    return _why_not(interaction, refusal)


def _ended(interaction, user):
    successor = closing.successor(interaction)
    if successor is not None and access.may_see(user, successor):
        return _continued(interaction, successor)
    if interaction.close_reason in (None, CloseReason.TIMEOUT):
        ended = words.moment(interaction.window_expires_at or interaction.session_expires_at)
        written = interaction.last_customer_at is not None
        headline = f"The reply window closed {ended}" if written else f"Closed by itself {ended}"
    else:
        headline = presenting.closed_words(interaction)
    return _write_on(interaction, headline)


def _continued(interaction, successor):
    ours = successor.direction == "out" and successor.last_customer_at is None
    name = words.first_name(interaction.contact_name)
    return Composer(
        "closed",
        f"{name} was written to again" if ours else f"{name} has written again",
        "It goes on in a new conversation.",
        continues_in=successor.id,
    )


def _write_on(interaction, headline):
    """What can be done where nothing more goes into this conversation."""
    name = words.first_name(interaction.contact_name)
    refusal = gate.may_write_to(interaction.account, interaction.contact)
    if refusal:
        return Composer("closed", headline, refusal.reason, refusal.action)
    templates = capabilities_of(interaction.account).manages_templates
    if interaction.window_open():
        ends = words.moment(interaction.window_expires_at)
        return Composer(
            "closed",
            headline,
            f"The reply window is open until {ends}.",
            "Writing again begins a new conversation, which is yours.",
            may_go_on=True,
        )
    if not templates:
        return Composer(
            "closed",
            headline,
            "WhatsApp allows free replies for 24 hours after the customer writes.",
            f"A new conversation opens when {name} writes again. Notes stay possible.",
        )
    return Composer("closed", headline, *_by_template(name), templates=True)


def _by_template(name):
    return (
        "WhatsApp allows free replies for 24 hours after the customer writes.",
        f"Send an approved template; the window opens again when {name} answers.",
    )


def _not_mine(interaction, user):
    may_take = access.may_take(user, interaction)
    if interaction.owner is None:
        action = "Take it to reply." if may_take else "It is offered to whoever is free."
        return Composer("free", "Nobody answers this yet", action=action, may_take=may_take)
    since = f" since {words.clock(interaction.assigned_at)}" if interaction.assigned_at else ""
    return Composer(
        "theirs",
        f"{interaction.owner.name} answers this{since}",
        "You can read along and leave notes for your colleagues.",
        may_take=may_take,
    )


def _why_not(interaction, refusal):
    if refusal.code != "window_closed":
        return Composer("closed", "You cannot send right now", refusal.reason, refusal.action)
    templates = capabilities_of(interaction.account).manages_templates
    name = words.first_name(interaction.contact_name)
    if interaction.direction == "out" and interaction.last_customer_at is None:
        headline = f"You can write freely when {name} answers"
        return Composer("closed", headline, _session_words(interaction), "", templates=templates)
    if interaction.window_expires_at is None:
        headline = "Start with a template"
    else:
        headline = f"The reply window closed {words.moment(interaction.window_expires_at)}"
    if templates:
        return Composer("closed", headline, *_by_template(name), templates=True)
    return Composer("closed", headline, refusal.reason, refusal.action)


def _session_words(interaction):
    """Which clock runs in a conversation we began: Session until tomorrow at 10:42, …"""
    until = words.moment(interaction.session_expires_at)
    if interaction.last_message_id != interaction.session_message_id:
        return f"This conversation lasts until {until}."
    if interaction.last_status in ("delivered", "read"):
        return f"Delivered. This conversation lasts until {until}, 24 hours from delivery."
    if interaction.last_status == "failed":
        return "The first message did not reach the customer. Send another one."
    return f"This conversation lasts until {until}; its 24 hours start when it is delivered."
