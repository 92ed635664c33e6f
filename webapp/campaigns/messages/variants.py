"""A campaign's messages: the template behind each in all its languages, and what is filled in."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select

from webapp.extensions import db
from webapp.message_templates import parts
from webapp.message_templates.models import MessageTemplate, TemplateStatus, waba_of

MOST = 4
LETTERS = "ABCD"
OURS_ALONE = (TemplateStatus.DRAFT, TemplateStatus.SUBMITTING)


@dataclass(frozen=True, slots=True)
class Named:
    """One name with all its languages; the first is the one shown."""

    name: str
    languages: tuple  # of MessageTemplate, by language

    @property
    def sendable(self):
        return [one for one in self.languages if one.is_sendable]

    @property
    def shown(self):
        return (self.sendable or self.languages)[0]

    @property
    def category(self):
        return self.shown.category

    def in_language(self, language):
        return next((one for one in self.languages if one.language == language), self.shown)


def approved(account):
    """The names that may be sent from this account, the last used first."""
    rows = _of(account).where(MessageTemplate.status == TemplateStatus.APPROVED)
    used = MessageTemplate.last_used_at
    return _by_name(rows.order_by(used.is_(None), used.desc(), MessageTemplate.name))


def named(account, name):
    """All languages of this name that WhatsApp knows; None where there is none."""
    if account is None:
        return None
    known = MessageTemplate.status.not_in(OURS_ALONE)
    found = _by_name(_of(account).where(MessageTemplate.name == name, known))
    return found[0] if found else None


def of(campaign):
    """[(variant, Named or None)] in their order."""
    return [(one, named(campaign.account, one.template_name)) for one in campaign.variants]


def variables(group):
    """What has to be filled, once for all languages, in the order it is read.

    Languages of one name have the same variables; one that has more asks for these too.
    """
    found = {}
    for template in group.sendable or group.languages:
        for one in parts.variables(template.components):
            found.setdefault((one.where, one.key), one)
    return list(found.values())


def key_of(variable):
    """Under which name a variable is mapped."""
    return f"{variable.where} {variable.key}"


def header_kind(group):
    """image, video or document where the header is a file; else an empty text."""
    top = parts.header(group.shown.components)
    return {"gif": "video"}.get(top.format, top.format) if top and top.is_media else ""


def is_mapped(mapped):
    """Whether a variable's source says what stands there."""
    if not mapped:
        return False
    return bool(mapped.get("text") if mapped["from"] == "text" else mapped.get("key"))


def problems(campaign):
    """What is missing before these messages can go out, in sentences."""
    if campaign.account is None:
        return ["Choose an account in the first step: it decides which templates there are."]
    if not campaign.variants:
        return ["Choose a template."]
    found = [sentence for one, group in of(campaign) for sentence in _problems(one, group)]
    if len(campaign.variants) > 1:
        found += _split(campaign.variants)
    return found


def _problems(variant, group):
    if group is None:
        return [f"{variant.template_name} is not a template of this account. Choose another one."]
    unfilled = [one for one in variables(group) if not is_mapped(variant.mapping.get(key_of(one)))]
    found = [f"Say what stands for {label(one)} in {group.name}." for one in unfilled]
    if header_kind(group) and not (variant.media or group.shown.media):
        found.append(f"{group.name} begins with a file. Choose one.")
    return found


def label(variable):
    """{{1}}, or the button's words."""
    if variable.where == "button":
        return f"the button “{variable.label}”"
    where = "header " if variable.where == "header" else ""
    return f"{where}{{{{{variable.key}}}}}"


def _split(several):
    total = sum(one.percent for one in several)
    return [] if total == 100 else [f"The shares add up to {total}%, not to 100%."]


def _of(account):
    return select(MessageTemplate).where(
        MessageTemplate.provider == account.provider,
        MessageTemplate.waba_id == waba_of(account),
        MessageTemplate.deleted_at.is_(None),
    )


def _by_name(statement):
    groups = defaultdict(list)
    for one in db.session.scalars(statement):
        groups[one.name].append(one)
    return [
        Named(name, tuple(sorted(rows, key=lambda one: one.language)))
        for name, rows in groups.items()
    ]
