"""What the template picker is given: the list, the preview and the values to be filled in."""

import uuid
from dataclasses import dataclass

from webapp.inbox import gate, template_content
from webapp.message_templates import choosing, filling, parts, rendering
from webapp.providers.template_languages import LANGUAGES

MANY = 8  # from here on the list can be searched
SHOWN = 100
FIELD = "value-{where}-{key}"


@dataclass(frozen=True, slots=True)
class Field:
    """One value: its form field, what it is called, and where its text came from."""

    name: str
    label: str
    text: str
    source: str
    example: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One template with its values in place, as the customer will read it."""

    template: object
    fields: list
    header: list
    header_kind: str
    body: list
    footer: str
    buttons: list
    sample: bool
    refusal: object

    @property
    def to_check(self):
        return sum(not field.text or not field.sure for field in self.fields)

    @property
    def wants_file(self):
        return self.header_kind in ("image", "video", "document", "gif")


def picker(account, contact, user, query="", chosen_id=None):
    """`why` says why nothing may go at all; else the templates and one of them opened."""
    refusal = gate.may_write_to(account, contact) if contact is not None else None
    why = refusal.sentence if refusal else choosing.why_none(account)
    templates = [] if why else choosing.usable(account, contact)
    found = choosing.find(templates, query) if query else templates
    chosen = next((one for one in found if one.id == chosen_id), found[0] if found else None)
    return {
        "why": why,
        "templates": found[:SHOWN],
        "many": len(templates) > MANY,
        "query": query,
        "side": side(chosen, account, contact, user) if chosen else None,
        "client_key": uuid.uuid4().hex,
    }


def side(template, account, contact, user, given=None):
    """`given` is what was typed, by the names of the fields; without it the guesses."""
    guesses = filling.filled(template, contact, user)
    fields = [
        _field(variable, guesses[variable.where, variable.key], given)
        for variable in parts.variables(template.components)
    ]
    values = values_of(template, {field.name: field.text for field in fields})
    top = parts.header(template.components)
    shown = rendering.render(template.components, values)
    return Side(
        template,
        fields,
        rendering.pieces(top.text, "header", values) if top else [],
        top.format if top else "",
        rendering.pieces(parts.body_text(template.components), "body", values),
        shown.footer,
        list(shown.buttons),
        template_content.sample_of(template) is not None,
        gate.may_reach(account, contact, "template", template=template) if contact else None,
    )


def values_of(template, given):
    """{(where, key): text} out of a posted form."""
    return {
        (variable.where, variable.key): template_content.clean(given.get(_name(variable), ""))
        for variable in parts.variables(template.components)
    }


def _field(variable, guess, given):
    text = guess.text if given is None else given.get(_name(variable), "").strip()
    kept = text == guess.text
    return Field(
        _name(variable),
        _label(variable),
        text,
        guess.source if kept else "",
        variable.example,
        guess.sure if kept else bool(text),
    )


def _name(variable):
    return FIELD.format(where=variable.where, key=variable.key)


def _label(variable):
    if variable.where == "button":
        return variable.label
    return template_content.words_for(variable)


def category_and_language(template):
    language = LANGUAGES.get(template.language, template.language)
    return f"{template.category.capitalize()} · {language}"
