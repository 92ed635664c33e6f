"""Whether a campaign can send at all at this moment: its account, its templates, the plan."""

from dataclasses import dataclass

from webapp import system
from webapp.accounts import access_points
from webapp.accounts.models import AccountHealth
from webapp.campaigns import timing
from webapp.campaigns.models import PauseCause
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import gate
from webapp.message_templates import choosing
from webapp.message_templates.models import TemplateStatus
from webapp.providers.base import MessageKind

LOST = (TemplateStatus.REJECTED, TemplateStatus.DISABLED, TemplateStatus.DELETED)


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why it cannot send now; `final` where nothing but another campaign helps."""

    cause: PauseCause
    sentence: str
    final: bool = False


def check(campaign, now=None):
    """Raise ValueError with the first thing that hinders it."""
    now = now or utcnow()
    held = system.sending_held()
    if held:
        raise ValueError(f"{held} An admin has to let sending go on first.")
    if timing.is_over(campaign, now):
        raise ValueError("Its end has come. Duplicate it, and choose a later end.")
    hindrance = hindrance_of(campaign, now)
    if hindrance:
        raise ValueError(hindrance.sentence)


def hindrance_of(campaign, now=None):
    """The first thing that hinders it; None where nothing does."""
    return _of_account(campaign.account, now or utcnow()) or _of_templates(campaign)


def _of_account(account, now):
    if account is None or account.archived_at:
        return Hindrance(PauseCause.ACCOUNT, "Its WhatsApp account is gone.", final=True)
    provider = access_points.provider_of(account)
    if not provider.can.campaigns:
        sentence = f"Campaigns cannot be sent from {provider.label} accounts."
        return Hindrance(PauseCause.ACCOUNT, sentence, final=True)
    refusal = gate.may_leave(account, MessageKind.TEMPLATE, now)
    if refusal:
        return Hindrance(PauseCause.ACCOUNT, refusal.sentence)
    health = db.session.get(AccountHealth, account.id)
    if health is not None and health.stopped_at:
        return Hindrance(PauseCause.ACCOUNT, f"{account.name} cannot send: {health.stop_reason}.")
    return None


def _of_templates(campaign):
    if not campaign.variants:
        return Hindrance(PauseCause.TEMPLATE, "It has no message: choose a template.", final=True)
    found = (_of_variant(campaign.account, variant) for variant in campaign.variants)
    return next(filter(None, found), None)


def _of_variant(account, variant):
    template = choosing.named(account, variant.template_name, variant.language)
    if template is None:
        sentence = f"{account.name} no longer has the template {variant.template_name}."
        return Hindrance(PauseCause.TEMPLATE, sentence, final=True)
    refusal = gate.may_leave(account, MessageKind.TEMPLATE, template=template)
    if refusal is None:
        return None
    return Hindrance(PauseCause.TEMPLATE, refusal.reason, final=template.status in LOST)
