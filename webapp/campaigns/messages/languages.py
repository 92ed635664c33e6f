"""Which language of a template a contact gets: their own where it is approved, else the chosen."""

from collections import defaultdict

from sqlalchemy import case, func, or_, select

from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate, TemplateStatus, waba_is, waba_of


def approved(account, names):
    """{name: its MessageTemplates that may be sent from this account}, by language."""
    rows = select(MessageTemplate).where(
        MessageTemplate.provider == account.provider,
        waba_is(MessageTemplate.waba_id, waba_of(account)),
        MessageTemplate.name.in_(names),
        MessageTemplate.status == TemplateStatus.APPROVED,
        MessageTemplate.deleted_at.is_(None),
    )
    found = defaultdict(list)
    for template in db.session.scalars(rows.order_by(MessageTemplate.language)):
        found[template.name].append(template)
    return found


class Languages:
    """The approved languages of one variant's template. en_US does for en, and pt for pt_BR."""

    def __init__(self, variant, templates):
        self.templates = templates
        self.default = next((one for one in templates if one.language == variant.language), None)
        self._exact = {_folded(one.language): one for one in templates}
        # Of several that are near the plain one goes first, then the chosen one.
        self._near = {}
        for one in [self.default, *templates] if self.default else templates:
            base = _base(_folded(one.language))
            self._near.setdefault(base, self._exact.get(base, one))

    def best(self, language):
        """The MessageTemplate for somebody of this language; None where there is none."""
        code = _folded(language or "")
        return self._exact.get(code) or self._near.get(_base(code)) or self.default

    def template_id(self, language):
        """The same as an expression, for a contact's column."""
        code = func.lower(func.replace(language, "-", "_"))
        exact = [(code == known, template.id) for known, template in self._exact.items()]
        near = [
            (or_(code == base, code.startswith(f"{base}_", autoescape=True)), template.id)
            for base, template in self._near.items()
        ]
        default = self.default.id if self.default else None
        return case(*exact, *near, else_=default) if exact else default


def _folded(code):
    return code.replace("-", "_").lower()


def _base(code):
    return code.partition("_")[0]
