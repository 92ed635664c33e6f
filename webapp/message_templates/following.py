"""What a provider says of a template changes ours at once: state, quality, category, words."""

import re

from sqlalchemy import and_, or_, select

from webapp import jobs
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.database import insert, lock
from webapp.extensions import db
from webapp.live import push
from webapp.message_templates import states
from webapp.message_templates.models import MessageTemplate, Quality, TemplateStatus, waba_of
from webapp.providers.reading import dict_of, moment_of, text_of
from webapp.providers.templates import category_of, language_of, quality_of, word_of

TEMPLATES = MessageTemplate.__table__
SYNC = "workers.message_templates.sync"
_WORSE = (Quality.UNKNOWN, Quality.GREEN, Quality.YELLOW, Quality.RED)
_NAMED = re.compile(r"\{\{\s*[a-z_][a-z0-9_]*\s*\}\}")


def follow(account, event):
    """Apply a TemplateUpdate to the account's WABA; a template nobody here knew is taken in."""
    account = db.session.get(Account, account.id)
    template = _known(account, event)
    if template is None and _is_of(account, event):
        template = _taken_in(account, event)
        jobs.hint(SYNC, account.id)  # the news tells one aspect of it
    if template is None:
        return
    if event.template_id and not template.provider_id:
        template.provider_id = event.template_id
    _ASPECTS.get(event.change.get("what"), _ignored)(template, event)
    push.changed(states.ROOM, ids=[template.id])


def _is_of(account, event):
    """News of the provider a number left is about templates this account has not."""
    named = event.account_ref.waba_id
    return not (named and account.waba_id and named != account.waba_id)


def _known(account, event):
    """By the provider's id; by name where ours has none yet. Locked until the unit ends."""
    language = language_of(event.language)
    waba_id = waba_of(account) if _is_of(account, event) else event.account_ref.waba_id
    same_name = (
        MessageTemplate.name == event.name,
        MessageTemplate.language == language,
        MessageTemplate.deleted_at.is_(None),
    )
    of_waba = (MessageTemplate.provider == account.provider, MessageTemplate.waba_id == waba_id)
    found = and_(*same_name)
    if event.template_id:
        by_id = MessageTemplate.provider_id == event.template_id
        found = or_(by_id, and_(*same_name, MessageTemplate.provider_id.is_(None)))
    rows = db.session.scalars(
        lock(
            select(MessageTemplate).where(*of_waba, found).order_by(MessageTemplate.id)
        ).execution_options(populate_existing=True)
    ).all()
    with_id = (row for row in rows if event.template_id and row.provider_id == event.template_id)
    return next(with_id, None) or next(iter(rows), None)


def _taken_in(account, event):
    """A new row, unless the name is another one's: then a sync tells which of them is there."""
    if not event.name:
        return None
    change = event.change
    made = db.session.scalar(
        insert(TEMPLATES)
        .values(
            account_id=account.id,
            provider=account.provider,
            waba_id=waba_of(account),
            provider_id=event.template_id or None,
            name=event.name,
            language=language_of(event.language),
            category=category_of(change.get("category")) or "utility",
            status=TemplateStatus.UNKNOWN,
            quality=Quality.UNKNOWN,
            components=[],
            edits=[],
            origin="provider",
            created_at=utcnow(),
            updated_at=utcnow(),
        )
        .on_conflict_do_nothing()
        .returning(TEMPLATES.c.id)
    )
    return db.session.get(MessageTemplate, made) if made else None


def _follow_status(template, event):
    change = event.change
    word = word_of(change.get("status"))
    if not states.is_news(template, word, event.at) or _has_namesake(template):
        return
    if template.category_at is None:
        template.category = category_of(change.get("category")) or template.category
    states.move(
        template,
        word,
        event.at,
        reason=word_of(change.get("reason")),
        pause=word_of(change.get("pause")),
        detail=text_of(change.get("detail")),
        recommendation=text_of(change.get("recommendation")),
    )


def _has_namesake(template):
    """A deleted one whose name was given to another never comes back."""
    if template.deleted_at is None:
        return False
    other = select(MessageTemplate.id).where(
        MessageTemplate.provider == template.provider,
        MessageTemplate.waba_id == template.waba_id,
        MessageTemplate.name == template.name,
        MessageTemplate.language == template.language,
        MessageTemplate.deleted_at.is_(None),
        MessageTemplate.id != template.id,
    )
    return db.session.scalar(other) is not None


def _follow_quality(template, event):
    quality = quality_of(event.change.get("quality"))
    known = template.quality_at, _WORSE.index(template.quality)
    if template.quality_at is None or (event.at, _WORSE.index(quality)) > known:
        template.quality, template.quality_at = quality, event.at


def _follow_category(template, event):
    category = category_of(event.change.get("category"))
    if not category or _is_older(event, template.category_at):
        return
    template.previous_category = category_of(event.change.get("previous")) or template.category
    template.category, template.category_at = category, event.at
    template.coming_category = template.coming_category_at = None


def _follow_announcement(template, event):
    """About a day ahead; of the same second, the change itself is the later news."""
    coming = category_of(event.change.get("category"))
    known = template.category_at
    if not coming or (known is not None and event.at <= known):
        return
    template.category = category_of(event.change.get("previous")) or template.category
    template.category_at = event.at
    template.coming_category = coming
    template.coming_category_at = moment_of(event.change.get("takes_effect"), event.at)


def _follow_components(template, event):
    if _is_older(event, template.components_at):
        return
    template.components = _components_of(event.change, template.components)
    template.components_at = event.at
    named = _NAMED.search(text_of(event.change.get("body")))
    template.parameter_format = "named" if named else "positional"
    jobs.hint(SYNC, template.account_id)  # the news leaves out files and examples


def _is_older(event, mark):
    return mark is not None and event.at < mark


def _components_of(change, known):
    """In Meta's form. The news can't show a picture above the words: it stays."""
    header, footer = text_of(change.get("header")), text_of(change.get("footer"))
    picture = [part for part in known if part.get("type") == "HEADER" and _is_file(part)]
    buttons = [_button(dict_of(button)) for button in change.get("buttons") or ()]
    parts = [{"type": "HEADER", "format": "TEXT", "text": header}] if header else picture
    parts = [*parts, {"type": "BODY", "text": text_of(change.get("body"))}]
    if footer:
        parts.append({"type": "FOOTER", "text": footer})
    return [*parts, {"type": "BUTTONS", "buttons": buttons}] if buttons else parts


def _is_file(part):
    return part.get("format") not in (None, "TEXT")


def _button(told):
    prefix = "message_template_button_"
    names = ("type", "text", "url", "phone_number")
    found = {name: text_of(told.get(prefix + name)) for name in names}
    return {name: value for name, value in found.items() if value}


def _ignored(_template, _event):
    """An aspect of a day to come: the notice tells it."""


_ASPECTS = {
    "status": _follow_status,
    "quality": _follow_quality,
    "category": _follow_category,
    "category_announced": _follow_announcement,
    "components": _follow_components,
}
