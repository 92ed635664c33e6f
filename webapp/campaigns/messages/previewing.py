"""A campaign's message as real contacts of its audience would read it, one after the other."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webapp.campaigns.audience import selection
from webapp.campaigns.messages import variants, wording
from webapp.campaigns.messages.languages import Languages
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.message_templates import editor, parts


@dataclass(frozen=True, slots=True)
class Shown:
    """`contact` is None where nobody gets it yet: then its examples stand in the message."""

    template: Any
    preview: editor.Preview
    contact: Any = None
    position: int = 0
    is_last: bool = True


def shown(campaign, variant, position=0):
    """The message at this place of the audience, from 0; None without a template."""
    group = variants.named(campaign.account, variant.template_name) if variant else None
    if group is None:
        return None
    found = _contacts(campaign, position)
    if not found and position:  # the audience has become smaller
        position, found = 0, _contacts(campaign, 0)
    contact = found[0] if found else None
    template = template_for(variant, group, contact)
    values = values_shown(variant, template, contact)
    return Shown(
        template,
        editor.preview_of(template.components, values),
        contact,
        position,
        len(found) < 2,
    )


def template_for(variant, group, contact):
    """The language this contact gets."""
    if contact is None:
        return group.in_language(variant.language)
    return Languages(variant, group.sendable).best(contact.language) or group.shown


def values_shown(variant, template, contact):
    """What stands in it for this contact; without one, or where a value is missing, examples."""
    found = _examples(template)
    if contact is not None:
        values = wording.Wording(variant, template).values(contact)
        found |= {place: text for place, text in values.items() if text}
    return found


def contacts(campaign, many, position=0):
    """So many of those who get it, from this place on; all read at once."""
    rows = selection.classified(campaign).subquery()
    going = (
        select(Contact)
        .join(rows, rows.c.contact_id == Contact.id)
        .where(rows.c.reason == selection.GOING)
        .order_by(Contact.id)
    )
    return db.session.scalars(going.offset(position).limit(many)).all()


def _contacts(campaign, position):
    """This one and the next; where a value is still missing for everybody, one who would get it."""
    try:
        found = contacts(campaign, 2, position)
        if found or position:
            return found
        return db.session.scalars(selection.people(campaign, "missing_value").limit(1)).all()
    except ValueError:  # a condition's field is gone: the first step says so
        return []


def _examples(template):
    """What reviewers were shown; without one its mark stays."""
    found = parts.variables(template.components)
    return {(one.where, one.key): one.example for one in found if one.example}
