"""What WhatsApp says of a template's buttons: how many of which, in what order, with what in them.

developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
"""

import re

from .reading import dict_of, list_of, text_of
from .template_variables import BRACES, VARIABLE
from .templates import Problem

QUICK_REPLY, URL, PHONE, COPY_CODE, OTP = (
    "quick_reply",
    "url",
    "phone_number",
    "copy_code",
    "otp",
)
NAMES = {
    QUICK_REPLY: "quick reply",
    URL: "link",
    PHONE: "phone number",
    COPY_CODE: "code to copy",
}
PLURALS = {
    QUICK_REPLY: "quick replies",
    URL: "links",
    PHONE: "phone numbers",
    COPY_CODE: "codes to copy",
}
WITHOUT_WORDS = (COPY_CODE, OTP)  # WhatsApp writes what stands on them, unless we say


def kind_of(button):
    return text_of(dict_of(button).get("type")).lower()


def check(buttons, rules):
    found = []
    if len(buttons) > rules.buttons:
        found.append(
            Problem(f"button-{rules.buttons}", f"A template has at most {rules.buttons} buttons.")
        )
    found += _numbers(buttons, rules)
    found += _together(buttons)
    for index, button in enumerate(map(dict_of, buttons)):
        found += _one(f"button-{index}", index, button, rules)
    return found


def _numbers(buttons, rules):
    kinds = [kind_of(button) for button in buttons]
    for kind, most in rules.buttons_of_kind.items():
        places = [index for index, one in enumerate(kinds) if one == kind]
        if len(places) > most:
            words = f"{most} {NAMES[kind] if most == 1 else PLURALS[kind]}"
            sentence = f"A template has at most {words}." if most else _none_of(kind, rules)
            yield Problem(f"button-{places[most]}", sentence)


def _none_of(kind, rules):
    return f"{rules.label} takes no {NAMES[kind]} as a button."


def _together(buttons):
    """All quick replies first, or all last."""
    kinds = [kind_of(button) == QUICK_REPLY for button in buttons]
    turns = [index for index in range(1, len(kinds)) if kinds[index] != kinds[index - 1]]
    if len(turns) < 2:
        return []
    return [
        Problem(f"button-{turns[1]}", "Quick replies stand together: all of them first, or last.")
    ]


def _one(where, index, button, rules):
    kind = kind_of(button)
    found = list(_words(where, kind, text_of(button.get("text")), rules))
    if kind == URL:
        found += _link(where, index, button, rules)
    elif kind == PHONE:
        found += _phone(where, text_of(button.get("phone_number")), rules)
    elif kind == COPY_CODE:
        found += _code(index, _first(button.get("example")), rules)
    return found


def _words(where, kind, text, rules):
    if not text.strip() and kind not in WITHOUT_WORDS:
        yield Problem(where, "Write what stands on the button.")
    if len(text) > rules.button_text:
        yield Problem(where, f"A button's text has at most {rules.button_text} characters.")
    if BRACES.search(text):
        yield Problem(where, "A button's text has no variables.")


def _link(where, index, button, rules):
    url = text_of(button.get("url"))
    if not re.match(r"https?://[^\s{/]", url):
        yield Problem(where, "Write the link with https:// before it.")
    elif re.search(r"\s", url):
        yield Problem(where, "A link has no spaces.")
    if len(url) > rules.url:
        yield Problem(where, f"A link has at most {rules.url:,} characters.")
    places = list(VARIABLE.finditer(url))
    if len(places) > 1:
        yield Problem(where, "A link has one variable at most.")
    elif places and places[0].end() != len(url):
        yield Problem(where, "A variable stands at the end of a link, nowhere else.")
    elif places and places[0][1] != "1":
        yield Problem(where, "The variable of a link is {{1}}.")
    if places and not _first(button.get("example")).strip():
        yield Problem(f"example-button-{index}", "Give an example for the link's variable.")


def _phone(where, phone, rules):
    if not re.fullmatch(r"\+?[\d\s().-]*\d[\d\s().-]*", phone):
        yield Problem(where, "Write a phone number with its country code, like +15550100200.")
    elif len(phone) > rules.phone:
        yield Problem(where, f"A phone number has at most {rules.phone} characters.")


def _code(index, code, rules):
    if not code.strip():
        yield Problem(f"example-button-{index}", "Give an example of the code to copy.")
    elif len(code) > rules.code:
        yield Problem(
            f"example-button-{index}", f"A code to copy has at most {rules.code} characters."
        )


def _first(value):
    """Meta takes an example as a text or as a list with one."""
    values = list_of(value)
    return text_of(values[0]) if values else text_of(value)
