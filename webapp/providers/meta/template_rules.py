"""Meta's bounds for templates.

developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
developers.facebook.com/documentation/business-messaging/whatsapp/templates/time-to-live
"""

from .. import template_rules
from ..template_buttons import COPY_CODE, PHONE, URL
from ..template_rules import Rules
from ..templates import Problem, TemplateDraft

RULES = Rules(
    label="Meta",
    templates=250,
    templates_verified=6_000,
    creations_an_hour=100,
    name=512,
    header_text=60,
    header_variables=1,
    header_kinds=("text", "image", "video", "document", "location"),
    body=1024,
    footer=60,
    buttons=10,
    buttons_of_kind={URL: 2, PHONE: 1, COPY_CODE: 1},
    button_text=25,
    url=2000,
    phone=20,
    code=20,  # 15 before 3 December 2025
    formats=("positional", "named"),
    otp_types=("COPY_CODE", "ONE_TAP", "ZERO_TAP"),
    code_minutes=(1, 90),
    edits_a_day=1,
    edits_a_month=10,
    ttl={"authentication": (30, 900), "utility": (30, 43_200), "marketing": (43_200, 2_592_000)},
    unlimited=("authentication", "utility"),
)


def problems(draft: TemplateDraft) -> list[Problem]:
    return template_rules.problems(draft, RULES)
