"""Writes templates here, before the provider sees them; an approved one stays in use meanwhile."""

from sqlalchemy import func, select

from webapp import media_store
from webapp.accounts import access_points
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.live import push
from webapp.message_templates import composing, drafting, reviewing
from webapp.message_templates.models import MessageTemplate, TemplateStatus
from webapp.providers.template_languages import LANGUAGES
from webapp.staff.models import record
from webapp.unit_of_work import after_commit

ROOM = "templates"


class Refused(ValueError):
    """Why this cannot be written; `where` as in providers.templates.Problem."""

    def __init__(self, sentence, where=""):
        super().__init__(sentence)
        self.where = where


def create(account, name, language, category, by, parameter_format=composing.POSITIONAL):
    """An empty draft; it is the provider's only once it was submitted."""
    content = composing.Content(category=category, parameter_format=parameter_format)
    return _add(account, name, language, content, None, by, "template.created")


def add_language(template, language, by):
    """The same name in another language, beginning with this one's words."""
    return clone(template, template.name, by, language=language, action="template.language_added")


def clone(template, name, by, account=None, language=None, action="template.cloned"):
    """A draft like this one, whatever has become of it."""
    account = account or template.account
    content = drafting.content_of(template)
    return _add(
        account,
        name,
        language or template.language,
        content,
        drafting.media_of(template),
        by,
        action,
    )


def why_not(template):
    """Why it cannot be edited now; empty where it can."""
    if template.deleted_at is not None:
        return "It is deleted. Clone it to use its words again."
    if template.status == TemplateStatus.DRAFT:
        return ""
    provider = access_points.provider_of(template.account)
    if template.status == TemplateStatus.SUBMITTING:
        return f"It is on its way to {provider.label}."
    if template.status in (TemplateStatus.PENDING, TemplateStatus.IN_APPEAL):
        return f"{provider.label} is reading it. It can be changed once the answer is in."
    if not provider.can.edits_templates:
        return f"{provider.label} has no call to change a template. Clone it under a new name."
    if template.status not in drafting.EDITABLE:
        return "It cannot be changed any more. Clone it under a new name."
    if not composing.is_plain(template.components):
        return f"It has parts that only {provider.label}'s own editor knows. Change it there."
    return ""


def save_draft(template, content, by, name=None):
    """Keep what is in the editor. Returns why the name was not kept, or an empty text.

    It is called with each pause in typing, so only a draft's beginning leaves an audit row.
    """
    db.session.scalar(lock(select(MessageTemplate.id).where(MessageTemplate.id == template.id)))
    db.session.refresh(template)
    reason = why_not(template)
    if reason:
        raise Refused(reason)
    refused = ""
    if drafting.is_new(template):
        refused = _rename(template, name)
        template.parameter_format = content.parameter_format
        template.category = content.category
    elif template.draft is None:
        record(by, "template.draft_begun", template)
    _write(template, content, drafting.media_of(template))
    return refused


def put_sample(template, media):
    """A file that shows what stands in the header; None takes it away."""
    content = drafting.content_of(template)
    former = drafting.media_of(template)
    _write(template, content, media)
    if former and former != template.media:
        _forget(former, template.id)


def discard_draft(template, by):
    """Back to what the provider has; what it never saw is gone. Says whether it is gone."""
    media, new, id = (template.draft or {}).get("media"), drafting.is_new(template), template.id
    kept = template.media
    record(by, "template.draft_discarded", template, before=_facts(template))
    if new:
        db.session.delete(template)
    else:
        template.draft = None
    db.session.flush()
    if media and media != kept:
        _forget(media, id)
    push.changed(ROOM, ids=[id])
    return new


def delete(template, by, all_languages=False):
    """Drafts at once; the rest by way of the provider. ValueError says why not."""
    if template.deleted_at is not None:
        raise Refused("It is deleted already.")
    wanted = siblings(template) if all_languages else [template]
    drafts = [one for one in wanted if drafting.is_new(one)]
    known = [one for one in wanted if one not in drafts]
    for draft in drafts:
        discard_draft(draft, by)
    if known:
        reviewing.delete(known[0], by, all_languages)


def flag_recontact(template, on, by):
    """Whether agents may re-open a conversation with it: all languages of the name at once, since
    the language follows the customer."""
    same = siblings(template)
    changed = [one for one in same if one.recontact != on]
    for one in changed:
        one.recontact = on
        record(by, "template.recontact", one, before={"on": not on}, after={"on": on})
    if changed:
        push.changed(ROOM, ids=[one.id for one in changed])


def siblings(template):
    """All languages of its name, itself included."""
    return db.session.scalars(
        select(MessageTemplate)
        .where(
            MessageTemplate.provider == template.provider,
            MessageTemplate.waba_id == template.waba_id,
            MessageTemplate.name == template.name,
            MessageTemplate.deleted_at.is_(None),
        )
        .order_by(MessageTemplate.id)
    ).all()


def free_name(template):
    """A name for its clone that nobody has yet."""
    base = template.name.removesuffix("_copy")[:500]
    taken = set(
        db.session.scalars(
            select(MessageTemplate.name).where(
                MessageTemplate.name.startswith(base, autoescape=True),
                MessageTemplate.deleted_at.is_(None),
            )
        )
    )
    names = (f"{base}_copy{number if number > 1 else ''}" for number in range(1, len(taken) + 3))
    return next(name for name in names if name not in taken)


def _add(account, name, language, content, media, by, action):
    provider = access_points.provider_of(account)
    if not provider.can.manages_templates:
        raise Refused(f"{provider.label} keeps no templates.", "account")
    said = _taken(account, name, language)
    if said:
        raise Refused(said, "name")
    template = MessageTemplate(
        account_id=account.id,
        provider=account.provider,
        waba_id=account.waba_id or "",
        name=name,
        language=language,
        category=content.category,
        parameter_format=content.parameter_format,
        created_by_id=by.id,
    )
    _write(template, content, media)
    db.session.add(template)
    db.session.flush()
    template.recontact = any(one.recontact for one in siblings(template))
    record(by, action, template, after=_facts(template))
    push.changed(ROOM, ids=[template.id])
    return template


def _rename(template, name):
    if not name or name == template.name:
        return ""
    said = _taken(template.account, name, template.language, but=template)
    if not said:
        template.name = name[:512]
    return said


def _taken(account, name, language, but=None):
    statement = select(func.count()).where(
        MessageTemplate.provider == account.provider,
        MessageTemplate.waba_id == (account.waba_id or ""),
        MessageTemplate.name == name,
        MessageTemplate.language == language,
        MessageTemplate.deleted_at.is_(None),
    )
    if but is not None:
        statement = statement.where(MessageTemplate.id != but.id)
    if not db.session.scalar(statement):
        return ""
    return f"{name} exists already in {LANGUAGES.get(language, language)}."


def _write(template, content, media):
    template.draft = {
        "category": str(content.category),
        "components": composing.components_of(content),
        "words": composing.words_beneath(content),
        "media": media if content.header_kind in composing.MEDIA else None,
        "ttl": content.ttl,
    }
    template.updated_at = utcnow()


def _facts(template):
    return {"name": template.name, "language": template.language}


def _forget(media, but_id):
    """Clones share their file: it goes with the last of them."""
    others = db.session.execute(
        select(MessageTemplate.media, MessageTemplate.draft).where(MessageTemplate.id != but_id)
    )
    used = {
        one.get("key")
        for kept, draft in others
        for one in (kept, (draft or {}).get("media"))
        if one
    }
    if media["key"] not in used:
        after_commit(("drop", media["key"]), lambda: media_store.drop([media["key"]]))
