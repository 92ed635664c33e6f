"""The one gate: whether something may go out now, and if not, why and what can be done."""

from dataclasses import dataclass

from webapp import words
from webapp.accounts import access_points
from webapp.columns import utcnow
from webapp.contacts.models import Consent
from webapp.inbox.file_checks import PLURALS
from webapp.inbox.models import CloseReason
from webapp.message_templates.models import Category, TemplateStatus, waba_of
from webapp.providers.base import MessageKind
from webapp.settings import plan

# How a template stands that does not go.
NOT_APPROVED = {
    TemplateStatus.DRAFT: "has not been submitted to WhatsApp yet",
    TemplateStatus.SUBMITTING: "is on its way to WhatsApp",
    TemplateStatus.PENDING: "is waiting for WhatsApp's approval",
    TemplateStatus.REJECTED: "was rejected by WhatsApp",
    TemplateStatus.PAUSED: "is paused by WhatsApp",
    TemplateStatus.DISABLED: "was disabled by WhatsApp",
    TemplateStatus.DELETED: "was deleted",
    TemplateStatus.PENDING_DELETION: "is being deleted",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not go out, and what the person can do about it."""

    code: str
    reason: str
    action: str = ""

    @property
    def sentence(self):
        return f"{self.reason} {self.action}".strip()


class Refused(Exception):
    """Raised where something was written that may not go out."""

    def __init__(self, refusal):
        super().__init__(refusal.reason)
        self.refusal = refusal


def may_send(interaction, kind="text", now=None, written=False, template=None):
    """None if this may go out now, else the Refusal. Nothing leaves without asking here.

    Asked when a message is written and again at the moment of the call (`written=True`): a
    message written in time still goes after its conversation was wrapped up, never after the
    service window closed. `template` is the MessageTemplate behind a message of that kind.
    """
    now = now or utcnow()
    if not written and interaction.is_closed(now):
        return may_write_to(interaction.account, interaction.contact) or _closed(interaction)
    refusal = may_reach(interaction.account, interaction.contact, kind, now, template)
    if refusal is None and kind != MessageKind.TEMPLATE and not interaction.window_open(now):
        return Refusal(
            "window_closed",
            "The 24-hour reply window is closed.",
            "You can write again when the customer does.",
        )
    return refusal


def may_reach(account, contact, kind="text", now=None, template=None):
    """The same without a conversation: what concerns the account, the customer and the template."""
    return may_leave(account, kind, now, template) or may_get(contact, template)


def may_leave(account, kind="text", now=None, template=None):
    """The half of may_reach that is the same for every customer: asked once for many."""
    refusal = _is_on(account) or _may_carry(account, kind)
    if refusal is None and kind == MessageKind.TEMPLATE:
        refusal = _may_begin(now) or (template and _may_use(template, account))
    return refusal


def may_get(contact, template=None):
    """The other half: this customer's own. `contact` is a Contact, or has what is read here."""
    refusal = _may_be_written_to(contact)
    if refusal is None and template and template.category == Category.MARKETING:
        return opted_out(contact) if contact.consent == Consent.OUT else None
    return refusal


def may_write_to(account, contact):
    """Whether anything at all may go from this account to this customer."""
    return _is_on(account) or _may_be_written_to(contact)


def _is_on(account):
    if account.enabled:
        return None
    return Refusal(
        "account_disabled",
        f"{account.name} is switched off for sending.",
        "Ask an admin to switch the account on.",
    )


def _may_be_written_to(contact):
    if contact.blocked_at:
        return Refusal("blocked", "This contact is blocked.", "Unblock the contact first.")
    if contact.erased_at:
        return Refusal("erased", "This person's data was erased at their wish.")
    if contact.merged_into_id:
        return Refusal(
            "merged",
            "This contact has become part of another one.",
            "Write to the contact it was merged into.",
        )
    if not contact.phone and _are_retired(contact.identities):
        return Refusal(
            "no_number",
            "All numbers of this customer are retired.",
            "Add the number they use now.",
        )
    return None


def _are_retired(identities):
    return bool(identities) and all(one.retired_at for one in identities)


def _may_carry(account, kind):
    provider = access_points.provider_of(account)
    if kind in provider.can.kinds or (kind == MessageKind.TEMPLATE and provider.can.templates):
        return None
    what = PLURALS.get(kind, "this kind of message")
    return Refusal("capability", f"{provider.label} cannot send {what}.")


def _may_begin(now):
    reason = plan.why_not(now)
    return Refusal("plan", reason, "Ask an admin about the plan.") if reason else None


def _may_use(template, account):
    if (template.provider, template.waba_id) != (account.provider, waba_of(account)):
        return Refusal(
            "template_elsewhere",
            f"{template.name} belongs to another WhatsApp account than {account.name}.",
            "Choose a template of this account.",
        )
    return None if template.is_sendable else _not_approved(template)


def _not_approved(template):
    status = TemplateStatus.DELETED if template.deleted_at else template.status
    stands = NOT_APPROVED.get(status, "is not approved by WhatsApp")
    why = f": {template.reason.strip().rstrip('.')}" if template.reason else ""
    return Refusal(
        "template_stopped",
        f"The template {template.name} {stands}{why}.",
        "Choose another template.",
    )


def opted_out(contact):
    when = f" on {words.date(contact.opted_out_at)}" if contact.opted_out_at else ""
    return Refusal(
        "opted_out",
        f"{words.first_name(contact.display_name)} asked for no marketing{when}.",
        "Utility templates may still be sent.",
    )


def _closed(interaction):
    if interaction.close_reason in (None, CloseReason.TIMEOUT):
        return Refusal(
            "closed",
            "This conversation has ended: its 24 hours are over.",
            "It goes on when the customer writes again.",
        )
    return Refusal(
        "closed",
        "This conversation was wrapped up.",
        "It goes on when the customer writes again.",
    )
