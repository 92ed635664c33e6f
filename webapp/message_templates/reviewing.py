"""What people ask of a template's provider: submit, delete, sync. Jobs do it, after the commit."""

from datetime import datetime, timedelta

from sqlalchemy import select

from webapp import jobs
from webapp.accounts.access_points import capabilities_of, provider_of
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.message_templates import drafting, states
from webapp.message_templates.following import follow
from webapp.message_templates.leaving import left_approved, when_left_approved
from webapp.message_templates.models import MessageTemplate, TemplateStatus
from webapp.message_templates.syncing import sync_now
from webapp.settings import plan
from webapp.staff.models import record

__all__ = ["delete", "follow", "left_approved", "submit", "sync_now", "when_left_approved"]

SUBMIT = "workers.message_templates.submit"
DELETE = "workers.message_templates.delete"
DAY, MONTH = timedelta(days=1), timedelta(days=30)
MOST_IN_MONTH = 10
CHANGED = "It was changed, and WhatsApp reviews it anew."


def submit(template, by, now=None):
    """Hand a draft, or a change, to the provider; ValueError says why not. What is to be called
    is the row itself: submitting, with no call begun."""
    now = now or utcnow()
    _hold(template)
    reason = _why_not(template, now)
    if reason:
        raise ValueError(reason)
    template.problem = template.submitted_at = None
    states.set_status(template, TemplateStatus.SUBMITTING, CHANGED)
    record(by, "template.submit", template, after={"name": template.name})
    jobs.hint(SUBMIT, template.id)


def _why_not(template, now):
    can = capabilities_of(template.account)
    if not plan.allows_outbound(now):
        return plan.why_not(now)
    if not can.manages_templates:
        return f"{provider_of(template.account).label} keeps no templates here."
    if template.account.archived_at:
        return "The account is archived."
    if template.deleted_at:
        return "It is deleted."
    if template.status == TemplateStatus.DRAFT:
        return _first_problem(template)
    return _why_no_change(template, can, now) or _first_problem(template)


def _why_no_change(template, can, now):
    if template.status == TemplateStatus.SUBMITTING:
        return "It is on its way to WhatsApp already."
    if template.status not in drafting.EDITABLE:
        return "WhatsApp takes changes only to approved, rejected and paused templates."
    if not can.edits_templates:
        label = provider_of(template.account).label
        return f"{label} has no call to change a template. Clone it under a new name."
    if template.provider_status == "LOCKED":
        return "WhatsApp has locked it: it can't be changed."
    if template.status == TemplateStatus.APPROVED:
        return why_no_edit_yet(template, now)
    return ""


def why_no_edit_yet(template, now):
    """An approved one may be changed once a day and ten times in thirty days."""
    edits = [datetime.fromisoformat(edit) for edit in template.edits]
    if any(now - at < DAY for at in edits):
        return "WhatsApp takes one change of an approved template a day. Try again tomorrow."
    if sum(now - at < MONTH for at in edits) >= MOST_IN_MONTH:
        return "WhatsApp takes ten changes of an approved template in thirty days."
    return ""


def _first_problem(template):
    found = provider_of(template.account).template_problems(drafting.draft_of(template))
    return found[0].sentence if found else ""


def delete(template, by, all_languages=False):
    """Ask the provider to delete it, or every language of its name; ValueError says why not."""
    _hold(template)
    if not plan.allows_outbound():
        raise ValueError(plan.why_not())
    if not capabilities_of(template.account).deletes_templates:
        label = provider_of(template.account).label
        raise ValueError(f"{label} deletes templates in its console only. Sync here afterwards.")
    for one in _languages(template) if all_languages else [template]:
        if one is template or one.status not in _STAY:
            _want_gone(one, by)


_STAY = (TemplateStatus.DRAFT, TemplateStatus.SUBMITTING, TemplateStatus.DISABLED)


def _want_gone(template, by):
    if template.status == TemplateStatus.DISABLED:
        raise ValueError("WhatsApp does not delete a template that it disabled.")
    if template.status == TemplateStatus.SUBMITTING:
        raise ValueError("It is on its way to WhatsApp. Wait until it has arrived.")
    template.problem = None
    states.set_status(template, TemplateStatus.PENDING_DELETION, f"{by_name(by)} deleted it.")
    record(by, "template.delete", template, before={"name": template.name})
    jobs.hint(DELETE, template.id)


def by_name(by):
    return getattr(by, "name", str(by))


def _languages(template):
    return db.session.scalars(
        select(MessageTemplate).where(
            MessageTemplate.provider == template.provider,
            MessageTemplate.waba_id == template.waba_id,
            MessageTemplate.name == template.name,
            MessageTemplate.deleted_at.is_(None),
        )
    ).all()


def _hold(template):
    """News and other people wait until this unit ends."""
    db.session.flush()
    db.session.scalar(lock(select(MessageTemplate.id).where(MessageTemplate.id == template.id)))
    db.session.refresh(template)
