"""What a contact reads: a variant's values as text, as the provider's command, and what is missing.

`Wording` reads a template and its mapping once; a slice of a campaign makes thousands of messages
with it. The filling itself is the one agents' templates go through.
"""

from collections import defaultdict

from sqlalchemy import and_, false, or_, true

from webapp.campaigns.messages.languages import Languages, approved
from webapp.campaigns.messages.sources import sources_of
from webapp.inbox import outgoing, template_content
from webapp.message_templates import parts


class Wording:
    """One language of one variant, for any number of contacts: rows with `sources.COLUMNS`."""

    def __init__(self, variant, template):
        self.template = template
        self.media = variant.media or template.media  # what its header shows, if it shows a file
        self._sources = sources_of(variant)
        self._blank = template_content.Blank(template)

    @property
    def header_kind(self):
        """Of the file its message begins with: image, video, document; "" for none."""
        return self._blank.header_kind

    def values(self, contact):
        """{(where, key): text}, "" for what is missing."""
        return {place: source.value(contact) for place, source in self._sources.items()}

    def filled(self, contact):
        """The text and content as a message keeps them; ValueError says why it cannot be."""
        return self._blank.fill(self.values(contact))

    def command(self, contact, to, header_file=None):
        """The TemplateMessage to this Recipient; ValueError as above."""
        return outgoing.template_command(self.filled(contact).content, to, header_file)


def languages_of(campaign):
    """{variant's id: its Languages}, of those variants that have a template."""
    variants = [one for one in campaign.variants if one.template_name]
    if campaign.account is None or not variants:
        return {}
    known = approved(campaign.account, {one.template_name for one in variants})
    return {one.id: Languages(one, known[one.template_name]) for one in variants}


def is_missing(variant, languages, template_id):
    """The condition for contacts of whom a value is missing in the language they get."""
    sources = sources_of(variant)
    groups = defaultdict(list)  # languages that want the same values are asked about together
    for template in languages.templates:
        wanted = [(one.where, one.key) for one in parts.variables(template.components)]
        groups[tuple(wanted)].append(template.id)
    conditions = [
        and_(template_id.in_(ids) if len(groups) > 1 else true(), _lacks(wanted, sources))
        for wanted, ids in groups.items()
    ]
    return or_(false(), *conditions)


def _lacks(wanted, sources):
    """That one of these values is missing."""
    lacks = [sources[place].is_missing() if place in sources else true() for place in wanted]
    return or_(false(), *(one for one in lacks if one is not None))
