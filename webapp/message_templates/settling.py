"""What was submitted has arrived, or has not: the draft becomes what the provider has, or stays."""

from datetime import timedelta

from webapp.message_templates import drafting, states
from webapp.message_templates.models import TemplateStatus

SURELY_LISTED = timedelta(minutes=2)  # no call runs for longer, and lists show it by then
NEVER_THERE = "It never reached WhatsApp. Submit it again."


def take_draft(template):
    """What was written is what the provider has now."""
    template.components = drafting.components_of(template)
    template.media = drafting.media_of(template)
    if template.draft and template.category_at is None:
        template.category = drafting.category_of(template)
    template.draft = template.problem = None


def give_back(template, problem):
    """Nothing changed at the provider; the draft is kept, to be mended."""
    template.problem = problem
    if template.status == TemplateStatus.SUBMITTING:
        template.submitted_at = None
        states.as_provider_has_it(template)
