"""What a provider's whole list of templates changes here: what it has, and what is gone."""

from sqlalchemy import select

from webapp.database import lock
from webapp.extensions import db
from webapp.live import push
from webapp.message_templates import drafting, settling, states
from webapp.message_templates.models import MessageTemplate, TemplateStatus, waba_of
from webapp.providers.templates import status_of


def take(account, listed, asked_at):
    """The list was asked for then; what we were told later is newer than it."""
    rows = db.session.scalars(
        lock(
            select(MessageTemplate)
            .where(
                MessageTemplate.provider == account.provider,
                MessageTemplate.waba_id == waba_of(account),
                MessageTemplate.deleted_at.is_(None),
            )
            .order_by(MessageTemplate.id)
        ).execution_options(populate_existing=True)
    ).all()
    seen = set()
    for state in listed:
        template = _of(rows, state) or _new(account, state)
        if template is not None:
            seen.add(template.id)
            _update(template, state, asked_at)
    for template in rows:
        if template.id not in seen:
            _missing(template, asked_at)
    push.changed(states.ROOM)


def _of(rows, state):
    """By id; by name where the list has no ids, or ours none yet. Kaleyra may leave out the
    language too."""
    same = [
        row for row in rows
        if row.name == state.name and state.language in ("", row.language)
    ]  # fmt: skip
    by_id = (row for row in rows if state.id and row.provider_id == state.id)
    return next(by_id, None) or next(iter(same), None)


def _new(account, state):
    """One made at the provider."""
    if not (state.name and state.language):
        return None
    template = MessageTemplate(
        account_id=account.id,
        provider=account.provider,
        waba_id=waba_of(account),
        name=state.name,
        language=state.language,
        status=TemplateStatus.UNKNOWN,
        origin="provider",
    )
    db.session.add(template)
    db.session.flush()
    return template


def _update(template, state, asked_at):
    template.provider_id = state.id or template.provider_id
    template.synced_at = asked_at
    if template.status == TemplateStatus.SUBMITTING:
        _settle(template, state, asked_at)
    if state.components is not None and not _newer(template.components_at, asked_at):
        template.components = state.components
    if state.parameter_format:
        template.parameter_format = state.parameter_format
    if state.category and not _newer(template.category_at, asked_at):
        _categorise(template, state)
    if state.quality and not _newer(template.quality_at, asked_at):
        template.quality = state.quality
    if _has_moved(template, state) and not _newer(template.status_at, asked_at):
        at = states.to_second(asked_at)
        states.move(template, state.provider_status, at, reason=state.reason)


def _has_moved(template, state):
    """What is on its way moves when it is settled."""
    moved = state.provider_status != template.provider_status
    return moved and template.status != TemplateStatus.SUBMITTING


def _newer(mark, asked_at):
    return mark is not None and mark > asked_at


def _categorise(template, state):
    if state.category == template.coming_category:
        template.coming_category = template.coming_category_at = None
    if state.category != template.category:
        template.previous_category = state.previous_category or template.category
        template.category = state.category


def _settle(template, state, asked_at):
    """Whether what was submitted arrived; while its call may still run, nothing is said."""
    if template.submitted_at is None or _may_run(template, asked_at):
        return
    if template.provider_status is None or _has_draft(template, state):
        settling.take_draft(template)
        states.move(template, state.provider_status, states.to_second(asked_at))
    else:
        settling.give_back(template, settling.NEVER_THERE)


def _may_run(template, asked_at):
    return template.submitted_at + settling.SURELY_LISTED > asked_at


def _has_draft(template, state):
    """A change that arrived is in review, or its words are there."""
    if status_of(state.provider_status) == TemplateStatus.PENDING:
        return True
    return _words(drafting.components_of(template)) == _words(state.components or [])


def _words(components):
    """What of a template people read; the provider adds to the rest."""
    found = []
    for part in components:
        buttons = [
            tuple(button.get(key) for key in ("text", "url", "phone_number"))
            for button in part.get("buttons") or ()
        ]
        found.append((part.get("type"), part.get("format"), part.get("text"), buttons))
    return found


def _missing(template, asked_at):
    """It is not in the list."""
    if template.status == TemplateStatus.DRAFT:
        return
    if template.status == TemplateStatus.SUBMITTING:
        if template.submitted_at and not _may_run(template, asked_at):
            template.provider_status = None
            settling.give_back(template, settling.NEVER_THERE)
        return
    marks = [template.status_at, template.submitted_at]
    young = any(mark and mark + settling.SURELY_LISTED > asked_at for mark in marks)
    if young:
        return  # the list may only not show it yet
    states.move(template, "DELETED", states.to_second(asked_at))
    states.set_status(template, TemplateStatus.DELETED)
