"""What the template pages post: a new one's first facts, and the editor's fields."""

import re

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length, Regexp

from webapp.message_templates import composing
from webapp.message_templates.composing import ButtonFields, Content
from webapp.message_templates.models import Category
from webapp.providers.template_languages import LANGUAGES

CATEGORIES = {
    Category.UTILITY: ("Utility", "About an order, a contract or a visit the customer knows of"),
    Category.MARKETING: ("Marketing", "Offers, news, welcome: everything that is not the others"),
    Category.AUTHENTICATION: ("Authentication", "A code to sign in with; WhatsApp writes the text"),
}
FORMATS = [
    (composing.POSITIONAL, "Numbered, like {{1}}"),
    (composing.NAMED, "Named, like {{first_name}}"),
]
MOST_BUTTONS = 20  # more than any provider takes: what is too many is said, not lost
LONGEST = 5_000
TRUE = ("on", "1", "true", "y")


def tidy(text):
    return text.strip() if text else text


class NewTemplateForm(FlaskForm):
    name = StringField(
        "Name",
        description="Lower case letters, digits and underscores. Fixed once submitted.",
        filters=[lambda value: value.strip().lower().replace(" ", "_") if value else value],
        validators=[
            DataRequired("Write a name."),
            Length(max=512, message="A name has at most 512 characters."),
            Regexp(r"[a-z0-9_]+\Z", message="Use lower case letters, digits and underscores only."),
        ],
    )
    account_id = SelectField("Account", coerce=int)
    language = SelectField("Language", choices=list(LANGUAGES.items()), default="en")
    category = RadioField(
        "Category",
        choices=[(value, words[0]) for value, words in CATEGORIES.items()],
        default=Category.UTILITY,
    )
    parameter_format = RadioField("Variables", choices=FORMATS, default=composing.POSITIONAL)

    def __init__(self, *args, accounts=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.account_id.choices = [(account.id, account.name) for account in accounts]


def posted(form, before):
    """The editor's fields, from what was posted; what a page did not have stays as it was."""
    category = form.get("category", before.category)
    if category not in CATEGORIES:
        category = before.category
    kind = form.get("header", before.header_kind)
    format = form.get("parameter_format", before.parameter_format)
    authentication = category == before.category == Category.AUTHENTICATION
    return Content(
        category=category,
        parameter_format=format if format in dict(FORMATS) else before.parameter_format,
        header_kind=kind if kind in composing.HEADERS else before.header_kind,
        header_text=_text(form, "header_text", before.header_text),
        body=_text(form, "body", before.body),
        footer=_text(form, "footer", before.footer),
        buttons=_buttons(form) if "buttons" in form else before.buttons,
        examples=_examples(form, before),
        security=form.get("security") in TRUE if authentication else before.security,
        minutes=_number(form.get("minutes"), before.minutes if "minutes" not in form else None),
        code_words=_text(form, "code_words", before.code_words),
        ttl=_number(form.get("ttl"), before.ttl if "ttl" not in form else None),
    )


def changed(content, change):
    """After a button of the editor: add, remove or move something."""
    what, _, place = change.partition("-")
    index = int(place) if place.isdecimal() else -1
    if what == "variable":
        return composing.with_variable(content)
    if what == "button":
        return composing.with_button(content)
    if what == "remove":
        return composing.without_button(content, index)
    if what in ("up", "down"):
        return composing.with_button_moved(content, index, -1 if what == "up" else 1)
    return content


def _buttons(form):
    count = min(_number(form.get("buttons"), 0), MOST_BUTTONS)
    return tuple(
        ButtonFields(
            kind=_one_of(form.get(f"button-{index}-kind"), composing.BUTTONS),
            text=_text(form, f"button-{index}-text"),
            url=_text(form, f"button-{index}-url").strip(),
            phone=_text(form, f"button-{index}-phone").strip(),
        )
        for index in range(count)
    )


def _examples(form, before):
    found = dict(before.examples)
    for name in form:
        place = re.fullmatch(r"example-(header|body|button)-(\w{1,100})", name)
        if place:
            found[place[1], place[2]] = _text(form, name)
    return found


def _text(form, name, default=""):
    return form.get(name, default)[:LONGEST].replace("\r\n", "\n")


def _number(text, default):
    return int(text) if re.fullmatch(r"-?\d{1,9}", (text or "").strip()) else default


def _one_of(value, known):
    return value if value in known else known[0]
