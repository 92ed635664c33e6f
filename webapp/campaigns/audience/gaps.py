"""Of how many contacts a variable has no value of its own, and what they get instead."""

from dataclasses import dataclass, replace

from sqlalchemy import case, func, select

from webapp.campaigns.audience import selection
from webapp.campaigns.messages.sources import CONTACT_FIELDS, sources_of
from webapp.contacts.models import Contact
from webapp.extensions import db

COUNTED = ("", "missing_value")  # reasons: whoever gets it, and whoever would with a value


@dataclass(frozen=True, slots=True)
class Gap:
    """`many` contacts have none of what is called `name`; without a fallback they are left out."""

    many: int
    name: str
    fallback: str

    @property
    def sentence(self):
        who = "1 contact has" if self.many == 1 else f"{self.many:,} contacts have"
        goes = "gets" if self.many == 1 else "get"
        is_left = "is left out" if self.many == 1 else "are left out"
        what = f"{goes} “{self.fallback}”" if self.fallback else is_left
        return f"{who} no {self.name} and {what}"


def of(campaign, variant):
    """{place: Gap} of the variables that are empty for somebody of this variant's share."""
    asked = {
        " ".join(place): (source, condition)
        for place, source in sources_of(variant).items()
        if (condition := replace(source, fallback="").is_missing()) is not None
        and source.kind != "text"
    }
    if not asked:
        return {}
    rows = selection.classified(campaign).subquery()
    counts = [func.sum(case((condition, 1), else_=0)) for _, condition in asked.values()]
    found = db.session.execute(
        select(*counts)
        .select_from(rows)
        .join(Contact, Contact.id == rows.c.contact_id)
        .where(rows.c.reason.in_(COUNTED), rows.c.variant_id == variant.id)
    ).one()
    return {
        place: Gap(int(many), _name(source), source.fallback)
        for (place, (source, _)), many in zip(asked.items(), found, strict=True)
        if many
    }


def _name(source):
    if source.kind == "field":
        return source.field.name if source.field is not None else "such field"
    return CONTACT_FIELDS.get(source.key, "value").lower()
