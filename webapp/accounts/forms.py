"""The form of a WhatsApp account; what its provider needs is declared by the provider."""

from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import (
    BooleanField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from webapp import words
from webapp.accounts import saving, sealing
from webapp.accounts.models import SessionAnchor
from webapp.contacts.models import ContactList
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.queues.models import Queue
from webapp.settings import hours
from webapp.staff.models import User

ANCHORS = (
    SelectChoice(SessionAnchor.FIRST.value, "the customer's first message"),
    SelectChoice(SessionAnchor.LAST.value, "the customer's last message"),
)


class Needed:
    """Marks a field as one to fill in; whether it has to be, and why, says `rules`."""

    field_flags = {"required": True}

    def __call__(self, form, field):
        return None


class ProviderForm(FlaskForm):
    """What an account needs at its provider; `form_for` and `form_to_move` add the fields."""

    declared = ()

    @property
    def provider_fields(self):
        """(declared, field) in the provider's order: plain settings, then secrets."""
        declared = sorted(self.declared, key=lambda one: one.secret)
        return [(one, self[one.name]) for one in declared]

    @property
    def provider_values(self):
        """What was typed in; an empty secret means the stored one."""
        return {one.name: self[one.name].data or "" for one in self.declared}

    def show(self, errors):
        """Put the rules' sentences below their fields."""
        for name, sentence in errors.items():
            field = self._fields.get(name)
            (field.errors if field is not None else self.form_errors).append(sentence)


class AccountForm(ProviderForm):
    name = StringField("Name in Parley", [Needed()])
    key = StringField(
        "Key", [Needed()], description="One to five letters or digits, as in reports."
    )
    phone = StringField("Phone number", [Needed()], description="With its country code.")
    description = TextAreaField("Description")
    contact_list_id = SelectField(
        "Contact list", coerce=lambda value: int(value) if value else None
    )
    queue_id = SelectField("Queue", coerce=lambda value: int(value) if value else None)
    interval_id = SelectField("Only within", coerce=lambda value: int(value) if value else None)
    agent_ids = SelectMultipleField(
        "Agents",
        coerce=int,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description="Leave all of them out, and the members of the queue serve this account.",
    )
    session_anchor = RadioField(
        "A conversation ends by itself 24 hours after", choices=ANCHORS, default=SessionAnchor.FIRST
    )
    needs_disposition = BooleanField(
        "Wrapping up needs an outcome",
        description="A person says how each conversation ended. Without outcomes to choose from, "
        "and where a conversation ends by itself, none is asked for.",
    )
    enabled = BooleanField("Switched on", default=True)

    def values(self):
        """What was typed in, for `saving`."""
        return saving.Values(
            name=self.name.data or "",
            key=self.key.data or "",
            phone=self.phone.data or "",
            description=self.description.data or "",
            contact_list_id=self.contact_list_id.data,
            queue_id=self.queue_id.data,
            interval_id=self.interval_id.data,
            agent_ids=tuple(self.agent_ids.data or ()),
            session_anchor=self.session_anchor.data,
            needs_disposition=self.needs_disposition.data,
            enabled=self.enabled.data,
            provider_values=self.provider_values,
        )


def form_for(provider_name, account=None):
    """The form for an account of this provider, filled from the account if there is one."""
    form_class = _class(AccountForm, provider_name, account)
    form = form_class(data=_data(account, form_class.declared) if account else None)
    _fill_choices(form)
    return form


def form_to_move(moved):
    """Only what the provider needs; `moved` is the account as it would be there."""
    form_class = _class(ProviderForm, moved.provider, moved)
    return form_class(data=_stored(moved, form_class.declared))


def _class(base, provider_name, account):
    declared = [one for one in PROVIDERS[provider_name].form_fields if not one.generated]
    fields = {one.name: _field(one, account) for one in declared}
    return type("FormOfProvider", (base,), {**fields, "declared": declared})


def _field(declared, account):
    said = {"description": declared.hint, "validators": [Needed()] if declared.required else []}
    if declared.secret:
        return PasswordField(declared.label, **said)
    if declared.choices:
        return SelectField(declared.label, choices=_offered(declared, account), **said)
    return StringField(declared.label, **said)


def _offered(declared, account):
    """A region is chosen by a person: none is preset where it has to be known."""
    known = account is not None and sealing.stored(account, declared.name)
    empty = [("", "Choose…")] if declared.required and not known else []
    return _choices([*empty, *declared.choices])


def _stored(account, declared):
    return {one.name: sealing.stored(account, one.name) for one in declared if not one.secret}


def _data(account, declared):
    queue = saving.queue_of(account)
    return {
        "name": account.name,
        "key": account.key,
        "phone": words.phone(account.phone),
        "description": account.description,
        "contact_list_id": account.contact_list_id,
        "queue_id": queue.id if queue else None,
        "interval_id": saving.interval_of(account),
        "agent_ids": [agent.id for agent in account.agents],
        "session_anchor": account.session_anchor,
        "needs_disposition": account.needs_disposition,
        "enabled": account.enabled,
        **_stored(account, declared),
    }


def _fill_choices(form):
    lists = db.session.execute(
        select(ContactList.id, ContactList.name).order_by(ContactList.name)
    ).all()
    queues = db.session.execute(select(Queue.id, Queue.name).order_by(Queue.name)).all()
    people = db.session.execute(
        select(User.id, User.name).where(User.active).order_by(User.name)
    ).all()
    form.contact_list_id.choices = _choices([("", "No list"), *lists])
    form.queue_id.choices = _choices([("", "No queue: conversations stay unmanaged"), *queues])
    form.interval_id.choices = hours.select_choices("Always")
    form.agent_ids.choices = _choices(people)


def _choices(rows):
    return [SelectChoice(str(value), label) for value, label in rows]
