"""What WhatsApp says of a template's variables: their names, their places, their examples.

developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
"""

import re

from .reading import dict_of, list_of, text_of
from .templates import Problem

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
NAMED = re.compile(r"[a-z0-9_]+")
BRACES = re.compile(r"\{\{|\}\}")
WORD = re.compile(r"\w+(?:['’-]\w+)*")
MOST_SPACES = 4
# Meta says "too many for the length" (2388293) without a number; this is the one its users found.
WORDS_PER_VARIABLE, WORDS_BESIDE = 2, 1


def keys_in(text):
    """The variables of a text, each once, in the order they stand."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def check(where, text, named, example):
    """Names, order and examples of one text's variables."""
    keys = keys_in(text)
    return [*_names(where, text, keys, named), *_examples(where, keys, named, example)]


def check_places(text):
    """Where variables may stand in a body, and how many of them."""
    stripped = text.strip()
    places = list(VARIABLE.finditer(stripped))
    if not places:
        return []
    found = []
    if places[0].start() == 0:
        found.append(Problem("body", "A variable may not start the text. Put a word before it."))
    if places[-1].end() == len(stripped):
        found.append(Problem("body", "A variable may not end the text. Put a word behind it."))
    gaps = (
        stripped[one.end() : other.start()] for one, other in zip(places, places[1:], strict=False)
    )
    if any(not gap.strip() for gap in gaps):
        found.append(
            Problem("body", "Two variables may not stand side by side. Put a word between them.")
        )
    needed = WORDS_PER_VARIABLE * len(places) + WORDS_BESIDE
    if len(WORD.findall(VARIABLE.sub(" ", stripped))) < needed:
        found.append(
            Problem(
                "body",
                f"{len(places)} {'variable is' if len(places) == 1 else 'variables are'} too many "
                f"for so short a text. Write at least {needed} other words.",
            )
        )
    return found


def value_problem(value):
    """Why WhatsApp would not put this into a variable; empty where it would."""
    if not value.strip():
        return "A variable needs a value."
    if re.search(r"[\n\r\t]", value):
        return "A variable's value stays on one line, without tabs."
    if " " * (MOST_SPACES + 1) in value:
        return f"A variable's value has at most {MOST_SPACES} spaces in a row."
    return ""


def _names(where, text, keys, named):
    if BRACES.search(VARIABLE.sub("", text)):
        return [Problem(where, "Two braces without a variable: write {{1}} or {{first_name}}.")]
    if not keys:
        return []
    if named:
        return _as_names(where, keys)
    return _as_numbers(where, keys)


def _as_names(where, keys):
    wrong = [key for key in keys if not NAMED.fullmatch(key) or key.isdecimal()]
    if not wrong:
        return []
    return [
        Problem(
            where,
            f"{{{{{wrong[0]}}}}} is no name. Use lower case letters, digits and underscores, "
            "like {{first_name}}.",
        )
    ]


def _as_numbers(where, keys):
    wrong = [key for key in keys if not (key.isascii() and key.isdecimal())]
    if wrong:
        return [
            Problem(where, f"{{{{{wrong[0]}}}}} is a name. This template numbers its variables.")
        ]
    if sorted(map(int, keys)) != list(range(1, len(keys) + 1)):
        return [Problem(where, "Number the variables from {{1}} on without a gap.")]
    return []


def _examples(where, keys, named, example):
    given = examples_of(where, keys, named, example)
    found = []
    for key in keys:
        value = given.get(key, "")
        said = value_problem(value) if value.strip() else f"Give an example for {{{{{key}}}}}."
        if said:
            found.append(Problem(f"example-{where}-{key}", said))
    return found


def examples_of(where, keys, named, example):
    """{key: example} of a component, whichever of Meta's forms it has."""
    example = dict_of(example)
    if named:
        pairs = map(dict_of, list_of(example.get(f"{where}_text_named_params")))
        return {text_of(one.get("param_name")): text_of(one.get("example")) for one in pairs}
    values = list_of(example.get(f"{where}_text"))
    if values and isinstance(values[0], list):
        values = values[0]  # of a body it is a list of lists
    ordered = sorted(keys, key=lambda key: int(key) if key.isdecimal() else 0)
    return dict(zip(ordered, map(text_of, values), strict=False))
