"""Why WhatsApp would refuse a template: its rules, with each provider's own bounds in `Rules`.

developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import template_buttons as buttons
from . import template_variables as variables
from .reading import dict_of, list_of, text_of
from .template_languages import LANGUAGES
from .templates import CATEGORIES, Problem, TemplateDraft

NAME = re.compile(r"[a-z0-9_]+")
AUTHENTICATION = "authentication"
HEADER_WORDS = {
    "text": "a text",
    "image": "a picture",
    "video": "a video",
    "document": "a document",
    "location": "a place",
}
SAMPLE_FIELDS = ("header_handle", "header_url")


@dataclass(frozen=True, slots=True)
class Rules:
    """A provider's bounds. `ttl` is (least, most) seconds by category; `unlimited` those that may
    also say -1 there, for the longest there is."""

    label: str
    templates: int  # in one WhatsApp business account
    templates_verified: int  # once the business is verified
    creations_an_hour: int
    name: int
    header_text: int
    header_variables: int
    header_kinds: tuple[str, ...]
    body: int
    footer: int
    buttons: int
    buttons_of_kind: Mapping[str, int]
    button_text: int
    url: int
    phone: int
    code: int
    formats: tuple[str, ...]
    otp_types: tuple[str, ...]
    code_minutes: tuple[int, int]
    edits_a_day: int = 0  # of an approved one; 0: it cannot be edited
    edits_a_month: int = 0
    ttl: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    unlimited: tuple[str, ...] = ()


def problems(draft: TemplateDraft, rules: Rules) -> list[Problem]:
    parts = {_kind(one): dict_of(one) for one in draft.components}
    found = [*_frame(draft, rules), *_ttl(draft, rules)]
    given = list_of(parts.get("buttons", {}).get("buttons"))
    if draft.category == AUTHENTICATION:
        return [*found, *_authentication(parts, given, rules)]
    named = draft.parameter_format == "named"
    found += _header(parts.get("header"), named, draft.sample, rules)
    found += _body(parts.get("body", {}), named, rules)
    found += _footer(text_of(parts.get("footer", {}).get("text")), rules)
    found += _no_codes(given)
    found += buttons.check(given, rules)
    return found


def _frame(draft, rules):
    if not draft.name:
        yield Problem("name", "Write a name.")
    elif not NAME.fullmatch(draft.name):
        yield Problem("name", "A name has lower case letters, digits and underscores only.")
    if len(draft.name) > rules.name:
        yield Problem("name", f"A name has at most {rules.name} characters.")
    if draft.language not in LANGUAGES:
        yield Problem("language", "Choose one of WhatsApp's languages.")
    if draft.category not in CATEGORIES:
        yield Problem("category", "Choose marketing, utility or authentication.")
    if draft.parameter_format not in rules.formats:
        yield Problem("body", f"{rules.label} takes numbered variables only, like {{{{1}}}}.")


def _ttl(draft, rules):
    bounds = rules.ttl.get(draft.category)
    if draft.ttl is None or (draft.ttl == -1 and draft.category in rules.unlimited):
        return []
    if not bounds:
        return [Problem("ttl", f"{rules.label} takes no time to live.")]
    least, most = bounds
    if least <= draft.ttl <= most:
        return []
    words = f"A time to live of {draft.category} templates is {least:,} to {most:,} seconds."
    return [Problem("ttl", words)]


def _header(header, named, sample, rules):
    if header is None:
        return
    kind = text_of(header.get("format")).lower() or "text"
    if kind not in rules.header_kinds:
        words = HEADER_WORDS.get(kind, "this")
        yield Problem("header", f"{rules.label} takes no header with {words}.")
    elif kind == "text":
        yield from _header_text(header, named, rules)
    elif kind != "location" and not _has_sample(header, sample):
        yield Problem("header", "Choose a sample file: WhatsApp's reviewers want to see one.")


def _has_sample(header, sample):
    example = dict_of(header.get("example"))
    return sample is not None or any(example.get(name) for name in SAMPLE_FIELDS)


def _header_text(header, named, rules):
    text = text_of(header.get("text"))
    if not text.strip():
        yield Problem("header", "Write the header, or choose none.")
    if len(text) > rules.header_text:
        yield Problem("header", f"A header has at most {rules.header_text} characters.")
    if len(variables.VARIABLE.findall(text)) > rules.header_variables:
        yield Problem("header", "A header has one variable at most.")
    yield from variables.check("header", text, named, header.get("example"))


def _body(body, named, rules):
    text = text_of(body.get("text"))
    if not text.strip():
        yield Problem("body", "Write the text.")
    if len(text) > rules.body:
        yield Problem("body", f"The text has at most {rules.body:,} characters.")
    yield from variables.check_places(text)
    yield from variables.check("body", text, named, body.get("example"))


def _footer(text, rules):
    if len(text) > rules.footer:
        yield Problem("footer", f"A footer has at most {rules.footer} characters.")
    if variables.BRACES.search(text):
        yield Problem("footer", "A footer has no variables.")


def _no_codes(given):
    for index, button in enumerate(given):
        if buttons.kind_of(button) == buttons.OTP:
            yield Problem(f"button-{index}", "Only an authentication template hands over a code.")


def _authentication(parts, given, rules):
    """Its text is WhatsApp's own: we only choose among its sentences."""
    if "header" in parts:
        yield Problem("header", "An authentication template has no header.")
    body, footer = parts.get("body"), parts.get("footer", {})
    if body is None or text_of(body.get("text")):
        yield Problem("body", "The text of an authentication template is WhatsApp's own.")
    if text_of(footer.get("text")):
        yield Problem("footer", "The footer of an authentication template is WhatsApp's own.")
    minutes = footer.get("code_expiration_minutes")
    least, most = rules.code_minutes
    if minutes is not None and not (isinstance(minutes, int) and least <= minutes <= most):
        yield Problem("footer", f"A code is valid for {least} to {most} minutes.")
    if [buttons.kind_of(button) for button in given] != [buttons.OTP]:
        yield Problem("button-0", "An authentication template has one button: the code.")
        return
    if text_of(given[0].get("otp_type")).upper() not in rules.otp_types:
        words = " or ".join(one.replace("_", " ").lower() for one in rules.otp_types)
        yield Problem("button-0", f"{rules.label} hands over a code by {words}.")
    yield from buttons.check(given, rules)


def _kind(component):
    return text_of(dict_of(component).get("type")).lower()
