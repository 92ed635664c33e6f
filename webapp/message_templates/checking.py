"""What stands in the way of a draft, before anybody at the provider reads it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.accounts import access_points
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates import drafting, parts
from webapp.message_templates.models import Category, MessageTemplate, TemplateStatus
from webapp.providers.template_languages import LANGUAGES
from webapp.words import moment

OK, WARNING, ERROR = "ok", "warn", "bad"
DAY, MONTH, HOUR = timedelta(days=1), timedelta(days=30), timedelta(hours=1)
NAME_KEPT = timedelta(days=30)  # a deleted approved one's

# What makes WhatsApp take a utility template for marketing: it looks at words, not at intentions.
PROMOTING = re.compile(
    r"\b(?:sale|offers?|discounts?|promo(?:tion)?s?|coupons?|vouchers?|deals?|bargains?|gifts?|"
    r"free|save|limited time|last chance|hurry|shop now|buy now|don['’]t miss|exclusive|"
    r"new arrivals|"
    r"oferta|descuento|rebajas|gratis|cupón|promoción|desconto|promoção|cupom|aproveite|"
    r"angebot|rabatt|gutschein|kostenlos|aktion|soldes|remise|promo|gratuit|sconto|offerta)\b"
    r"|\d+\s?% off|-\s?\d+\s?%",
    re.IGNORECASE,
)
CODES = re.compile(
    r"\b(?:verification|security|login|one[- ]time) (?:code|password)|\bOTP\b|\bpasscode\b",
    re.IGNORECASE,
)
SHORTENERS = re.compile(
    r"https?://(?:www\.)?(?:wa\.me|bit\.ly|tinyurl\.com|t\.co|goo\.gl|is\.gd|ow\.ly|rebrand\.ly|"
    r"cutt\.ly|rb\.gy|shorturl\.at)(?:/|$)",
    re.IGNORECASE,
)
# The lines that say that all is well, each where nothing was found there.
WELL = (
    ("name", "The name is well formed and free"),
    ("header", "The header fits"),
    ("body", "The text fits, and its variables stand well"),
    ("example", "Every variable has an example"),
    ("footer", "The footer fits"),
    ("button", "The buttons fit WhatsApp's rules"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """`where` as in providers.templates.Problem."""

    level: str
    sentence: str
    where: str = ""
    hint: str = ""


def checks(template, now=None):
    """Everything worth knowing before it is submitted, what stands in the way first."""
    now = now or utcnow()
    draft = drafting.draft_of(template)
    provider = access_points.provider_of(template.account)
    found = [Check(ERROR, one.sentence, one.where) for one in provider.template_problems(draft)]
    found += _kept_name(template, provider, now)
    found += _edited_too_often(template, provider, now)
    found += _counted(template, provider, now)
    found += _likely_category(draft)
    found += _same_words(draft)
    found += _shortened(draft)
    found += _other_languages(template)
    wrong = {one.where.partition("-")[0] for one in found}
    well = [Check(OK, sentence, where) for where, sentence in WELL if where not in wrong]
    return sorted(found, key=lambda one: one.level != ERROR) + _of_use(well, draft)


def errors(template, now=None):
    """What must be mended first."""
    return [one for one in checks(template, now) if one.level == ERROR]


def _of_use(well, draft):
    """Nothing is said of parts the template has not."""
    has = {
        "name": True,
        "header": parts.header(draft.components) is not None,
        "body": True,
        "example": bool(parts.variables(draft.components)),
        "footer": bool(parts.footer_text(draft.components)),
        "button": bool(parts.buttons(draft.components)),
    }
    return [one for one in well if has[one.where]]


def _kept_name(template, provider, now):
    """WhatsApp keeps the name of an approved one it deleted."""
    if not drafting.is_new(template):
        return
    deleted_at = db.session.scalar(
        select(func.max(MessageTemplate.deleted_at)).where(
            *_of_waba(template),
            MessageTemplate.name == template.name,
            MessageTemplate.language == template.language,
            MessageTemplate.deleted_at > now - NAME_KEPT,
        )
    )
    if deleted_at:
        yield Check(
            ERROR,
            f"{provider.label} keeps the name of a deleted template for 30 days",
            "name",
            f"It is free again {moment(deleted_at + NAME_KEPT, now)}. Or choose another name.",
        )


def _edited_too_often(template, provider, now):
    rules = provider.template_rules
    if template.status != TemplateStatus.APPROVED or not (rules and rules.edits_a_day):
        return
    edits = sorted(datetime.fromisoformat(one) for one in template.edits or ())
    for length, most, words in (
        (DAY, rules.edits_a_day, "once in 24 hours"),
        (MONTH, rules.edits_a_month, f"{rules.edits_a_month} times in 30 days"),
    ):
        recent = [at for at in edits if at > now - length]
        if len(recent) >= most:
            again = moment(recent[-most] + length, now)
            yield Check(
                ERROR,
                f"{provider.label} lets an approved template change {words}",
                "",
                f"The next change can go out {again}. What you write here is kept.",
            )
            return


def _counted(template, provider, now):
    rules = provider.template_rules
    if rules is None or not drafting.is_new(template):
        return
    kept = _count(template, MessageTemplate.status != TemplateStatus.DRAFT)
    if kept >= rules.templates_verified:
        yield Check(ERROR, f"{provider.label} keeps {rules.templates_verified:,} templates at most")
    elif kept >= rules.templates:
        yield Check(
            WARNING,
            f"{provider.label} keeps {rules.templates} templates until your business is verified",
        )
    made = _count(template, MessageTemplate.submitted_at > now - HOUR)
    if made >= rules.creations_an_hour:
        yield Check(
            ERROR,
            f"{provider.label} takes {rules.creations_an_hour} templates an hour",
            "",
            "Try again in an hour.",
        )


def _count(template, condition):
    statement = select(func.count()).where(
        *_of_waba(template), MessageTemplate.deleted_at.is_(None), condition
    )
    return db.session.scalar(statement)


def _of_waba(template):
    return (
        MessageTemplate.provider == template.provider,
        MessageTemplate.waba_id == template.waba_id,
        MessageTemplate.id != template.id,
    )


def _likely_category(draft):
    if draft.category != Category.UTILITY:
        return
    words = _words(draft)
    promoting, code = PROMOTING.search(words), CODES.search(words)
    if promoting:
        yield Check(
            WARNING,
            f"“{promoting[0]}” may make WhatsApp take this for marketing",
            "category",
            "Choose marketing, or take the words out.",
        )
    elif code:
        yield Check(
            WARNING,
            f"“{code[0]}” may make WhatsApp ask for an authentication template",
            "category",
            "Codes go out in templates of that category only.",
        )


def _words(draft):
    head = parts.header(draft.components)
    texts = [head.text if head else "", parts.body_text(draft.components)]
    texts += [parts.footer_text(draft.components)]
    texts += [button.text for button in parts.buttons(draft.components)]
    return "\n".join(texts)


def _same_words(draft):
    seen = set()
    for button in parts.buttons(draft.components):
        words = button.text.strip().lower()
        if words and words in seen:
            yield Check(ERROR, "Two buttons have the same text", f"button-{button.index}")
        seen.add(words)


def _shortened(draft):
    for button in parts.buttons(draft.components):
        if SHORTENERS.match(button.url):
            yield Check(
                WARNING,
                "WhatsApp rejects most shortened links, wa.me among them",
                f"button-{button.index}",
                "Write the whole address.",
            )
    if SHORTENERS.search(parts.body_text(draft.components)):
        yield Check(WARNING, "WhatsApp rejects most shortened links", "body")


def _other_languages(template):
    """What its siblings need does not stand in the way of this one, but is easily forgotten."""
    rows = db.session.execute(
        select(MessageTemplate.language, MessageTemplate.reason).where(
            *_of_waba(template),
            MessageTemplate.name == template.name,
            MessageTemplate.status == TemplateStatus.REJECTED,
            MessageTemplate.deleted_at.is_(None),
        )
    )
    for language, reason in rows:
        yield Check(
            WARNING, f"{LANGUAGES.get(language, language)} was rejected", "language", reason or ""
        )
