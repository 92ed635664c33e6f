"""The form of a contact: its fixed fields, and its own ones as they are set up."""

import json

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.contacts import editing, field_values, phones, plain_values
from webapp.contacts.models import FieldKind

PREFIX = "field-"
KIND_WORDS = {
    FieldKind.TEXT: "text",
    FieldKind.NUMBER: "number",
    FieldKind.SELECT: "choice",
    FieldKind.SWITCH: "switch",
    FieldKind.DATE_TIME: "date and time",
    FieldKind.URL: "link",
}


class ContactForm(FlaskForm):
    """`form_for` adds the custom fields. `seen` is what the page showed before anybody typed."""

    custom = ()

    seen = HiddenField()
    first_name = StringField("First name")
    last_name = StringField("Last name")
    company = StringField("Company")
    email = StringField("Email")
    language = SelectField("Language", default="")
    time_zone = StringField("Time zone")

    @property
    def custom_inputs(self):
        """(custom field, its input) in order."""
        return [(field, self[_name(field)]) for field in self.custom]

    def validate(self, extra_validators=None):
        self.facts, self.values, errors = {}, {}, {}
        for name in editing.FACTS:
            self._take(name, errors, lambda text, n=name: plain_values.checked(n, text))
        for field, typed in self.custom_inputs:
            try:
                self.values[field.id] = _stored(field, typed)
            except ValueError as wrong:
                errors[typed.short_name] = _without_name(field, str(wrong))
        valid = super().validate(extra_validators)
        self.show(errors)
        return valid and not errors

    def show(self, errors):
        for name, sentence in errors.items():
            field = self._fields.get(name)
            if field is None:
                self.form_errors = [*self.form_errors, sentence]
            else:
                field.errors = [*field.errors, sentence]

    def typed(self):
        """What is in the form, by the names the audit uses; call after `validate`."""
        return self.facts | {f"field:{id}": value for id, value in self.values.items()}

    def shown_before(self):
        """What the page showed when it was opened, or None if that is not known."""
        try:
            seen = json.loads(self.seen.data or "")
        except ValueError:
            return None
        return seen if isinstance(seen, dict) else None

    def _take(self, name, errors, check):
        try:
            self.facts[name] = check(self[name].data)
        except ValueError as wrong:
            errors[name] = str(wrong)


class NewContactForm(ContactForm):
    phone = StringField("WhatsApp number", description="With its country code.")
    list_ids = SelectMultipleField(
        "In lists",
        coerce=int,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )

    def validate(self, extra_validators=None):
        valid = super().validate(extra_validators)
        try:
            self.digits = phones.normalise(self.phone.data)
        except phones.NotANumber as wrong:
            self.show({"phone": str(wrong)})
            return False
        return valid


def form_for(contact, fields, **options):
    """The form of somebody who is there, filled from the contact."""
    data = {name: getattr(contact, name) or "" for name in editing.FACTS}
    data |= {_name(field): _as_typed(field, contact.fields.get(str(field.id))) for field in fields}
    form = _class(ContactForm, fields, contact.fields)(data=data, **options)
    _fill_languages(form, contact.language)
    if not form.is_submitted():
        form.seen.data = seen_of(contact)
    return form


def new_form(fields, lists, data=None):
    form = _class(NewContactForm, fields, {})(data=data)
    form.list_ids.choices = [SelectChoice(one.id, one.name) for one in lists]
    _fill_languages(form, None)
    return form


def seen_of(contact):
    return json.dumps(editing.snapshot(contact), ensure_ascii=False)


def _class(base, fields, values):
    inputs = {_name(field): _input(field, values.get(str(field.id))) for field in fields}
    return type("FormOfContact", (base,), {**inputs, "custom": tuple(fields)})


def _name(field):
    return f"{PREFIX}{field.id}"


def _input(field, value):
    said = {"label": field.name, "description": _where_from(field)}
    if field.kind == FieldKind.SWITCH:
        return BooleanField(**said)
    if field.kind == FieldKind.SELECT:
        # A choice that was taken away stays with whoever has it.
        choices = list(dict.fromkeys(["", *field.choices, *([value] if value else [])]))
        return SelectField(
            choices=[SelectChoice(one, one or "Not chosen") for one in choices],
            validate_choice=False,
            **said,
        )
    return StringField(**said)


def _where_from(field):
    where = field.contact_list.name if field.contact_list else "All lists"
    return f"{where}, {KIND_WORDS[field.kind]}"


def _as_typed(field, value):
    if field.kind == FieldKind.SWITCH:
        return bool(value)
    return field_values.shown(field, value)


def _stored(field, typed):
    if field.kind == FieldKind.SWITCH:
        return bool(typed.data)
    if field.kind == FieldKind.SELECT and typed.data and typed.data == typed.object_data:
        return typed.data  # also one that has been taken from the choices since
    return field_values.checked(field, typed.data)


def _without_name(field, sentence):
    """The field's name stands above it already."""
    rest = sentence.removeprefix(f"{field.name}: ").removeprefix(f"{field.name} ")
    return rest[:1].upper() + rest[1:]


def _fill_languages(form, held):
    known = dict(plain_values.LANGUAGES)
    if held and held not in known:
        known[held] = held
    rows = [("", "Not known"), *sorted(known.items(), key=lambda one: one[1])]
    form.language.choices = [SelectChoice(code, name) for code, name in rows]
