"""The calls to the provider: claimed and committed, made with no transaction open, recorded.

A creation whose outcome nobody knows is never made again: a sync tells whether it arrived.
"""

from dataclasses import replace

from sqlalchemy import select, update

from webapp import jobs
from webapp.accounts.access_points import provider_of
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.message_templates import drafting, settling, states, syncing
from webapp.message_templates.models import MessageTemplate, TemplateStatus
from webapp.providers.base import OutcomeUnknown, ProviderError
from webapp.providers.templates import status_of
from webapp.settings import plan
from webapp.unit_of_work import unit_of_work

NOT_KNOWN = "Nobody knows yet whether WhatsApp has it: a sync will tell. It is not sent again."
WAITING = (
    MessageTemplate.status == TemplateStatus.SUBMITTING,
    MessageTemplate.submitted_at.is_(None),
)
WANTED_GONE = (
    MessageTemplate.status == TemplateStatus.PENDING_DELETION,
    MessageTemplate.provider_status != "PENDING_DELETION",
    MessageTemplate.deleted_at.is_(None),
)


def waiting():
    """What no job picked up."""
    return db.session.scalars(select(MessageTemplate.id).where(*WAITING)).all()


def wanted_gone():
    return db.session.scalars(select(MessageTemplate.id).where(*WANTED_GONE)).all()


def carry_out(template_id):
    """Make or change one at its provider."""
    claimed = _claim(template_id)
    if claimed is None:
        return
    provider, draft, called_at = claimed
    call = provider.edit_template if draft.provider_id else provider.create_template
    try:
        state = call(draft)
    except ProviderError as error:
        with unit_of_work():
            settling.give_back(_locked(template_id), _sentence(error))
    except OutcomeUnknown as error:
        with unit_of_work():
            template = _locked(template_id)
            template.problem = f"{error.reason}. {NOT_KNOWN}"
            syncing.soon(template.provider, template.waba_id, called_at + settling.SURELY_LISTED)
    else:
        with unit_of_work():
            _record(_locked(template_id), state, called_at)


def _claim(template_id):
    """The beginning of the call is committed before it, so that it is made once."""
    now = utcnow()
    if not plan.allows_outbound(now):
        return None
    with unit_of_work():
        won = db.session.execute(
            update(MessageTemplate)
            .where(MessageTemplate.id == template_id, *WAITING)
            .values(submitted_at=now)
            .execution_options(synchronize_session=False)
        ).rowcount
        if not won:
            return None
        template = _locked(template_id)
        draft = drafting.draft_of(template)
        if status_of(template.provider_status) == TemplateStatus.APPROVED:
            draft = replace(draft, category="")  # an approved one's never changes
        return provider_of(template.account), draft, now


def _record(template, state, called_at):
    """Its approval may have come before the answer: then that stands."""
    was_approved = status_of(template.provider_status) == TemplateStatus.APPROVED
    if template.status == TemplateStatus.SUBMITTING and was_approved:
        template.edits = [*template.edits, called_at.isoformat()]
    template.provider_id = state.id or template.provider_id
    settling.take_draft(template)
    if state.category and template.category_at is None:
        template.category = state.category
    if template.status == TemplateStatus.SUBMITTING:
        states.move(template, state.provider_status, states.to_second(called_at))
    syncing.soon(template.provider, template.waba_id, called_at + syncing.WHILE_PENDING)


def delete(template_id):
    """Delete one language; asked twice, the provider finds it gone."""
    template = db.session.get(MessageTemplate, template_id)
    if template is None or not plan.allows_outbound() or not states.wanted_gone(template):
        return
    provider, row = provider_of(template.account), template
    which = (row.provider_id or "", row.name, row.language)
    db.session.rollback()
    try:
        provider.delete_template(*which)
    except (ProviderError, OutcomeUnknown) as error:
        with unit_of_work():
            _keep(_locked(template_id), error)
        return
    with unit_of_work():
        template = _locked(template_id)
        if template.deleted_at is None:
            states.move(template, "DELETED", states.to_second(utcnow()))
            states.set_status(template, TemplateStatus.DELETED)


def _keep(template, error):
    """A refusal for now is tried again by clock."""
    template.problem = _sentence(error)
    if getattr(error, "permanent", False) and states.wanted_gone(template):
        states.as_provider_has_it(template)


def _sentence(error):
    action = getattr(error, "action", "")
    raw = getattr(error, "raw", {})
    told = raw.get("error_user_msg") or raw.get("detail") or ""
    says = f" WhatsApp says: {told}" if told and isinstance(told, str) else ""
    return f"{error.reason.rstrip('.')}. {action}{says}".strip()


def hint_waiting():
    for template_id in waiting():
        jobs.hint_now("workers.message_templates.submit", template_id)
    for template_id in wanted_gone():
        jobs.hint_now("workers.message_templates.delete", template_id)


def _locked(template_id):
    return db.session.scalar(
        lock(select(MessageTemplate).where(MessageTemplate.id == template_id)).execution_options(
            populate_existing=True
        )
    )
