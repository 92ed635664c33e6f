"""Which templates may be sent from an account, in the order a person is likely to want them."""

from datetime import UTC, datetime

from sqlalchemy import select

from webapp.accounts import access_points
from webapp.extensions import db
from webapp.message_templates import parts
from webapp.message_templates.models import MessageTemplate, TemplateStatus, waba_of
from webapp.settings import plan

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def usable(account, contact=None):
    """Approved ones of this account's WABA: recontact first, then the customer's language, then
    what was used last. Nothing where the plan or the provider does not allow it."""
    if why_none(account):
        return []
    found = db.session.scalars(approved(account)).all()
    return sorted(found, key=lambda template: _place(template, contact))


def approved(account):
    return select(MessageTemplate).where(
        MessageTemplate.provider == account.provider,
        MessageTemplate.waba_id == waba_of(account),
        MessageTemplate.status == TemplateStatus.APPROVED,
        MessageTemplate.deleted_at.is_(None),
    )


def named(account, name, language):
    """The one kept here under this name, however it stands; None where none is."""
    return db.session.scalar(
        select(MessageTemplate).where(
            MessageTemplate.provider == account.provider,
            MessageTemplate.waba_id == waba_of(account),
            MessageTemplate.name == name.strip(),
            MessageTemplate.language == language.strip().replace("-", "_"),
            MessageTemplate.deleted_at.is_(None),
        )
    )


def why_none(account):
    """Why no template goes out from this account at all; empty where some may."""
    provider = access_points.provider_of(account)
    if not provider.can.manages_templates:
        return (
            f"{provider.label} accounts have no approved templates, so nothing can be sent until "
            "the customer writes."
        )
    reason = plan.why_not()
    return f"{reason} Templates cannot be sent." if reason else ""


def find(templates, query):
    """Those whose name or words contain what was typed."""
    wanted = query.strip().lower().split()
    return [one for one in templates if all(word in _words(one) for word in wanted)]


def speaks(template, language):
    """Whether it is in this language, whatever its country: pt_BR for pt."""
    return bool(language) and _base(template.language) == _base(language)


def _words(template):
    name = template.name.lower()
    return f"{name} {name.replace('_', ' ')} {parts.body_text(template.components).lower()}"


def _place(template, contact):
    language = contact.language if contact else None
    used = template.last_used_at or LONG_AGO
    return (
        not template.recontact,
        not speaks(template, language),
        -used.timestamp(),
        template.name,
        template.language,
    )


def _base(language):
    return language.replace("-", "_").partition("_")[0].lower()
