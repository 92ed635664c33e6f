"""Kaleyra's bounds for templates: WhatsApp's own, less where a call has no field for them.

developers.kaleyra.io/docs/whatsapp-api-create-whatsapp-template-with-text (V1: one kind of button
a template, `type`; no names, no place, no code to copy)
developers.kaleyra.io/docs/whatsapp-template-api-v2-create-template (V2: Meta's body)
"""

from dataclasses import replace

from .. import template_rules
from ..meta.template_rules import RULES as METAS
from ..reading import dict_of, list_of, text_of
from ..template_buttons import COPY_CODE, PHONE, QUICK_REPLY, URL, kind_of
from ..templates import Problem, TemplateDraft
from .api import V1, V2

RULES_OF_V2 = replace(
    METAS,
    label="Kaleyra",
    templates=250,
    templates_verified=250,
    creations_an_hour=100,
    otp_types=("COPY_CODE",),
    edits_a_day=0,
    edits_a_month=0,
    ttl={},
    unlimited=(),
)
RULES_OF_V1 = replace(
    RULES_OF_V2,
    header_kinds=("text", "image", "video", "document"),
    buttons=3,
    buttons_of_kind={QUICK_REPLY: 3, URL: 1, PHONE: 1, COPY_CODE: 0},
    formats=("positional",),
)
RULES = {V1: RULES_OF_V1, V2: RULES_OF_V2}
ONE_KIND = "Kaleyra takes one kind of button in a template: quick replies, a link or a number."


def problems(draft: TemplateDraft, version: str) -> list[Problem]:
    found = template_rules.problems(draft, RULES[version])
    return [*found, *_one_kind(draft)] if version == V1 else found


def _one_kind(draft):
    given = [
        kind_of(button)
        for component in draft.components
        if text_of(dict_of(component).get("type")).upper() == "BUTTONS"
        for button in list_of(component.get("buttons"))
    ]
    other = next((index for index, kind in enumerate(given) if kind != given[0]), None)
    return [] if other is None else [Problem(f"button-{other}", ONE_KIND)]
