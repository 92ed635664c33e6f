"""Campaigns follow their template: they pause when it may not be sent, and go on afterwards."""

from sqlalchemy import select

from webapp.campaigns import activity, running, watching
from webapp.campaigns.models import (
    WAITING,
    Campaign,
    CampaignState,
    CampaignVariant,
    PauseCause,
    Recipient,
)
from webapp.campaigns.stop_rules import Broken
from webapp.extensions import db
from webapp.message_templates.leaving import when_approved_again, when_left_approved
from webapp.message_templates.models import TemplateStatus, waba_of

BY = "WhatsApp"


@when_left_approved
def left(template, why):
    """Campaigns that send it pause at once; Meta's own pause ends by itself."""
    status = "deleted" if template.deleted_at else str(template.status).replace("_", " ")
    why = why.strip().rstrip(".")
    reason = f"Template {status}" + (f": {why}" if why else "")
    paused = template.status == TemplateStatus.PAUSED
    resume_at = template.paused_until if paused else None
    for campaign in _sending(template):
        watching.halt(campaign, Broken(PauseCause.TEMPLATE, reason), resume_at)


@when_approved_again
def returned(template):
    """What its pause held up goes on; what a rejection stopped is a person's to resume."""
    for campaign in _with_template(template, CampaignState.PAUSED):
        if campaign.pause_cause != PauseCause.TEMPLATE:
            continue
        if campaign.resume_at is None:
            text = f"Template {template.name} is approved again: it may go on"
            activity.note(campaign, "template", text, BY)
        else:
            running.go_on(campaign, by=BY)


def _sending(template):
    """Running campaigns of which somebody gets it in this language."""
    for campaign in _with_template(template, CampaignState.RUNNING):
        chosen = any(_is_default(variant, template) for variant in campaign.variants)
        if chosen or _somebody_gets(campaign, template):
            yield campaign


def _is_default(variant, template):
    return (variant.template_name, variant.language) == (template.name, template.language)


def _somebody_gets(campaign, template):
    waiting = select(Recipient.id).where(
        Recipient.campaign_id == campaign.id,
        Recipient.state.in_(WAITING),
        Recipient.template_id == template.id,
    )
    return db.session.scalar(waiting.limit(1)) is not None


def _with_template(template, state):
    rows = (
        select(Campaign)
        .where(
            Campaign.state == state,
            Campaign.variants.any(CampaignVariant.template_name == template.name),
        )
        .order_by(Campaign.id)
    )
    return [
        campaign
        for campaign in db.session.scalars(rows).all()
        if (campaign.account.provider, waba_of(campaign.account))
        == (template.provider, template.waba_id)
    ]
