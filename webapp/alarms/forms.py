"""A rule's form."""

from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import (
    BooleanField,
    FloatField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from webapp.accounts.models import Account
from webapp.alarms.figures import FIGURES
from webapp.alarms.models import Comparison, Scope
from webapp.columns import id_of
from webapp.extensions import db
from webapp.mail.forms import addresses, is_address
from webapp.outgoing_webhooks.models import OutgoingWebhook
from webapp.queues.models import Queue
from webapp.settings import hours

COMPARISONS = [
    SelectChoice(Comparison.ABOVE, "is above"),
    SelectChoice(Comparison.BELOW, "is below"),
]
MOST_MINUTES = 1440


def _number_or_none(value):
    return int(value) if value else None


class RuleForm(FlaskForm):
    name = StringField(
        "Name",
        [DataRequired("Write a name."), Length(max=120)],
        [lambda value: value.strip() if value else value],
    )
    figure = SelectField(
        "Figure",
        [InputRequired()],
        choices=[SelectChoice(one.name, one.words) for one in FIGURES.values()],
    )
    where = SelectField("Of", [InputRequired()])
    comparison = SelectField("When it", [InputRequired()], choices=COMPARISONS)
    bound = FloatField(
        "Bound",
        [Optional(), NumberRange(0, 1_000_000, "Choose a number from 0.")],
        description="Seconds for waits, percent for the service level. Empty: the queue's target.",
    )
    minutes = IntegerField(
        "For how many minutes",
        [
            InputRequired("Write a whole number."),
            NumberRange(0, MOST_MINUTES, "Choose a number from 0 to 1,440."),
        ],
        default=5,
    )
    critical = BooleanField("Critical", description="Red instead of yellow, first in the list")
    enabled = BooleanField("Switched on", default=True)
    notifies = BooleanField(
        "Notify supervisors and admins", default=True, description="In the page, with a sound"
    )
    mails = BooleanField("Send an e-mail", description="When it fires and when it ends")
    mail_to = StringField(
        "To", [Optional(), Length(max=1000)], description="Addresses. Empty: all admins"
    )
    webhook_id = SelectField("Call a webhook", coerce=_number_or_none)
    quiet_id = SelectField("Quiet hours", coerce=_number_or_none)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.where.choices = _places()
        webhooks = db.session.execute(
            select(OutgoingWebhook.id, OutgoingWebhook.name).order_by(OutgoingWebhook.name)
        )
        self.webhook_id.choices = [
            SelectChoice("", "None"),
            *(SelectChoice(str(id), name) for id, name in webhooks),
        ]
        self.quiet_id.choices = hours.select_choices("None: always tell")

    def validate(self, extra_validators=None):
        """An empty bound is fine only where a target takes its place."""
        right = super().validate(extra_validators)
        scope, *_ = _scope_of(self.where.data)
        figure = FIGURES.get(self.figure.data)
        if right and self.bound.data is None and not (figure.target and scope == Scope.QUEUE):
            self.bound.errors = ["Write a number: only queues have targets of their own."]
            return False
        return right

    def validate_where(self, field):
        if _scope_of(field.data)[0] not in FIGURES[self.figure.data].scopes:
            words = FIGURES[self.figure.data].words
            raise ValidationError(f"“{words}” is not counted for this. Choose something else.")

    def validate_mail_to(self, field):
        wrong = [one for one in addresses(field.data) if not is_address(one)]
        if wrong:
            raise ValidationError(f"“{wrong[0]}” is not an e-mail address.")

    def values(self):
        scope, queue_id, account_id = _scope_of(self.where.data)
        plain = ("name", "figure", "comparison", "bound", "minutes", "critical", "enabled")
        told = ("notifies", "mails", "webhook_id", "quiet_id")
        return {
            **{name: getattr(self, name).data for name in plain + told},
            "scope": scope,
            "queue_id": queue_id,
            "account_id": account_id,
            "mail_to": addresses(self.mail_to.data),
        }


def filled_from(rule):
    """The form's data of a rule."""
    number = rule.queue_id or rule.account_id
    return {
        **{name: getattr(rule, name) for name in ("name", "figure", "comparison", "bound")},
        **{name: getattr(rule, name) for name in ("minutes", "critical", "enabled", "notifies")},
        **{name: getattr(rule, name) for name in ("mails", "webhook_id", "quiet_id")},
        "where": f"{rule.scope}:{number}" if number else rule.scope,
        "mail_to": ", ".join(rule.mail_to),
    }


def _places():
    queues = db.session.execute(select(Queue.id, Queue.name).order_by(Queue.name))
    accounts = db.session.execute(
        select(Account.id, Account.name).where(Account.archived_at.is_(None)).order_by(Account.name)
    )
    return [
        SelectChoice(Scope.ALL, "Everything together"),
        SelectChoice(Scope.QUEUE, "Each queue"),
        *(SelectChoice(f"queue:{id}", f"Queue {name}") for id, name in queues),
        SelectChoice(Scope.ACCOUNT, "Each WhatsApp account"),
        *(SelectChoice(f"account:{id}", f"Account {name}") for id, name in accounts),
    ]


def _scope_of(text):
    """“queue:5” → (queue, 5, None)"""
    scope, _, number = (text or Scope.ALL).partition(":")
    number = id_of(number)
    return (
        scope,
        number if scope == Scope.QUEUE else None,
        number if scope == Scope.ACCOUNT else None,
    )
