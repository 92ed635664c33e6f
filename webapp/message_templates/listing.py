"""What the list of templates shows: its columns, its filters, its counts."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import case, func, select

from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.message_templates import drafting, parts
from webapp.message_templates.forms import CATEGORIES
from webapp.message_templates.models import MessageTemplate, TemplateStatus, TemplateSync
from webapp.providers import PROVIDERS
from webapp.providers.template_languages import LANGUAGES
from webapp.tables.spec import Column, Filter, Table

APPROVED, REVIEW, WORK = "approved", "review", "work"
SEGMENTS = {
    APPROVED: (TemplateStatus.APPROVED,),
    REVIEW: (TemplateStatus.SUBMITTING, TemplateStatus.PENDING, TemplateStatus.IN_APPEAL),
    WORK: (
        TemplateStatus.DRAFT,
        TemplateStatus.REJECTED,
        TemplateStatus.PAUSED,
        TemplateStatus.DISABLED,
        TemplateStatus.LIMIT_EXCEEDED,
        TemplateStatus.ARCHIVED,
        TemplateStatus.UNKNOWN,
    ),
}
SEGMENT_NAMES = {"": "All", APPROVED: "Approved", REVIEW: "In review", WORK: "Needs work"}
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def everything():
    return select(MessageTemplate).where(MessageTemplate.deleted_at.is_(None))


def counts():
    """How many stand in each segment, and all of them under an empty name."""
    rows = dict(
        db.session.execute(
            select(MessageTemplate.status, func.count())
            .where(MessageTemplate.deleted_at.is_(None))
            .group_by(MessageTemplate.status)
        ).all()
    )
    found = {name: sum(rows.get(one, 0) for one in words) for name, words in SEGMENTS.items()}
    return {"": sum(rows.values()), **found}


def kept_at():
    """(provider's name, how many it keeps, how many it may) for the head of the page."""
    rows = db.session.execute(
        select(MessageTemplate.provider, func.count())
        .where(MessageTemplate.deleted_at.is_(None), MessageTemplate.status != TemplateStatus.DRAFT)
        .group_by(MessageTemplate.provider)
        .order_by(MessageTemplate.provider.desc())
    )
    return [(PROVIDERS[name].label, count) for name, count in rows if name in PROVIDERS]


def paused():
    """What is to be said above the list."""
    return db.session.scalars(
        everything()
        .where(MessageTemplate.status == TemplateStatus.PAUSED)
        .order_by(MessageTemplate.name)
        .limit(3)
    ).all()


def accounts():
    """Those whose provider keeps templates."""
    keeping = [name for name, one in PROVIDERS.items() if one.template_rules is not None]
    return db.session.scalars(
        select(Account)
        .where(Account.provider.in_(keeping), Account.archived_at.is_(None))
        .order_by(Account.name, Account.id)
    ).all()


def synced_accounts():
    """One account of each WABA: its numbers share their templates."""
    of_waba = {(one.provider, one.waba_id or ""): one for one in reversed(accounts())}
    return list(of_waba.values())


@dataclass(frozen=True, slots=True)
class About:
    """What a page of templates shows beside their own rows."""

    accounts: dict
    languages: dict
    defaults: set

    def accounts_of(self, one):
        return ", ".join(self.accounts.get((one.provider, one.waba_id), ()))

    def languages_of(self, one):
        return self.languages.get((one.provider, one.waba_id, one.name), [one.language])

    def is_default(self, one):
        return (one.provider, one.waba_id, one.name) in self.defaults

    @staticmethod
    def words_of(one):
        return first_words(one)

    @staticmethod
    def provider_of(one):
        return PROVIDERS[one.provider].label if one.provider in PROVIDERS else one.provider


def about(templates):
    return About(account_names(templates), languages(templates), defaults())


def account_names(templates):
    """By WABA, which several numbers may share."""
    wanted = {(one.provider, one.waba_id) for one in templates}
    found = {}
    for account in db.session.scalars(select(Account).order_by(Account.id)):
        place = (account.provider, account.waba_id or "")
        if place in wanted:
            found.setdefault(place, []).append(account.name)
    return found


def languages(templates):
    """All languages of each name, by (provider, WABA, name)."""
    rows = db.session.execute(
        select(
            MessageTemplate.provider,
            MessageTemplate.waba_id,
            MessageTemplate.name,
            MessageTemplate.language,
        )
        .where(
            MessageTemplate.deleted_at.is_(None),
            MessageTemplate.name.in_({one.name for one in templates}),
        )
        .order_by(MessageTemplate.language)
    )
    found = {}
    for provider, waba_id, name, language in rows:
        found.setdefault((provider, waba_id, name), []).append(language)
    return found


def defaults():
    """(provider, WABA, name) of what accounts re-open conversations with."""
    rows = select(Account).where(Account.recontact_template.is_not(None))
    return {
        (one.provider, one.waba_id or "", one.recontact_template)
        for one in db.session.scalars(rows)
    }


def sync_problems():
    return db.session.scalars(
        select(TemplateSync).where(TemplateSync.problem.is_not(None)).order_by(TemplateSync.waba_id)
    ).all()


def first_words(template):
    return " ".join(parts.body_text(drafting.components_of(template)).split())


def _found(words):
    """Compared here: in the database the JSON is escaped, and its LIKE knows few alphabets' cases.
    WhatsApp keeps some thousands of templates at most."""
    wanted = " ".join(words.casefold().split())
    rows = db.session.execute(
        everything().with_only_columns(
            MessageTemplate.id,
            MessageTemplate.name,
            MessageTemplate.components,
            MessageTemplate.draft,
        )
    )
    return MessageTemplate.id.in_([one.id for one in rows if wanted in _words_of(one)])


def _words_of(one):
    """All that can be read of a template, and of its draft, in one line."""
    written = (one.components, (one.draft or {}).get("components"))
    said = [one.name, one.name.replace("_", " ")]
    for components in filter(None, written):
        head = parts.header(components)
        said += [head.text if head else "", parts.body_text(components)]
        said.append(parts.footer_text(components))
        said += [f"{each.text} {each.url}" for each in parts.buttons(components)]
    return " ".join(" ".join(said).casefold().split())


def _segment(value):
    if value not in SEGMENTS:
        raise ValueError(value)
    return MessageTemplate.status.in_(SEGMENTS[value])


def _of_account(value):
    account = db.session.get(Account, int(value))
    if account is None:
        raise ValueError(value)
    return (MessageTemplate.provider == account.provider) & (
        MessageTemplate.waba_id == (account.waba_id or "")
    )


def _used_languages():
    rows = everything().with_only_columns(MessageTemplate.language).distinct()
    return sorted((one, LANGUAGES.get(one, one)) for one in db.session.scalars(rows))


def _providers():
    rows = everything().with_only_columns(MessageTemplate.provider).distinct()
    return sorted((one, PROVIDERS[one].label) for one in db.session.scalars(rows))


TABLE = Table(
    name="templates",
    key=MessageTemplate.id,
    sort="name",
    search=_found,
    filters=(
        Filter("status", "Status", _segment, lambda: list(SEGMENT_NAMES.items())[1:]),
        Filter(
            "account",
            "Account",
            _of_account,
            lambda: [(str(one.id), one.name) for one in accounts()],
        ),
        Filter("provider", "Provider", MessageTemplate.provider.__eq__, _providers),
        Filter(
            "category",
            "Category",
            MessageTemplate.category.__eq__,
            lambda: [(str(value), words[0]) for value, words in CATEGORIES.items()],
        ),
        Filter("language", "Language", MessageTemplate.language.__eq__, _used_languages),
    ),
    columns=(
        Column("name", "Template", MessageTemplate.name, export=lambda one: one.name, fixed=True),
        Column(
            "category",
            "Category, language",
            MessageTemplate.category,
            export=lambda one: one.category,
        ),
        Column(
            "status",
            "Status",
            case(
                {status: place for place, status in enumerate(TemplateStatus)},
                value=MessageTemplate.status,
                else_=99,
            ),
            export=lambda one: one.status,
        ),
        Column("quality", "Quality", export=lambda one: one.quality),
        Column(
            "provider",
            "Provider",
            MessageTemplate.provider,
            export=lambda one: one.provider,
            classes="wrapcell",
        ),
        Column("recontact", "After the window", export=lambda one: "yes" if one.recontact else ""),
        Column(
            "synced",
            "Last sync",
            func.coalesce(MessageTemplate.synced_at, LONG_AGO),
            export=lambda one: one.synced_at,
        ),
        Column(
            "used",
            "Last used",
            func.coalesce(MessageTemplate.last_used_at, LONG_AGO),
            export=lambda one: one.last_used_at,
            shown=False,
        ),
        Column("language", "Language", MessageTemplate.language, lambda one: one.language, False),
        Column("reason", "Reason", export=lambda one: one.reason, shown=False),
        Column("text", "Text", export=first_words, shown=False),
    ),
)
