"""Signing in, and a person's page."""

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    Regexp,
    ValidationError,
)
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.staff import people
from webapp.staff.models import Role
from webapp.staff.signing_in import SHORTEST_PASSWORD

LONGEST_PASSWORD = 200
ROLES = [
    SelectChoice(Role.AGENT, "Agent"),
    SelectChoice(Role.SUPERVISOR, "Supervisor"),
    SelectChoice(Role.ADMIN, "Administrator"),
]
LED = [SelectChoice("all", "All queues"), SelectChoice("some", "Only these")]


def stripped(value):
    return value.strip() if value else value


class SignInForm(FlaskForm):
    email = EmailField("Email", filters=[stripped], validators=[DataRequired("Write your email.")])
    password = PasswordField(
        "Password",
        validators=[
            DataRequired("Write your password."),
            Length(max=LONGEST_PASSWORD, message="No password here is that long."),
        ],
    )
    keep = BooleanField("Keep me signed in on this computer")


class PersonForm(FlaskForm):
    name = StringField(
        "Full name",
        filters=[stripped],
        validators=[DataRequired("Write the person's name."), Length(max=120)],
    )
    email = EmailField(
        "Email",
        filters=[stripped],
        description="Signs in with it",
        validators=[
            DataRequired("Write the person's email."),
            Length(max=255),
            Regexp(r"^[^@\s]+@[^@\s]+$", message="Write an address like ana@example.com."),
        ],
    )
    role = RadioField("Role", choices=ROLES, default=Role.AGENT)
    password = PasswordField("Password")
    capacity = IntegerField(
        "Conversations at once",
        default=6,
        description="0 means no limit",
        validators=[
            InputRequired("Write a whole number."),
            NumberRange(0, 200, "Choose a number from 0 to 200."),
        ],
    )
    active = BooleanField("May sign in", default=True)
    queues = SelectMultipleField(
        "Queues",
        coerce=int,
        validators=[Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    leads_all = RadioField("Queues this supervisor leads", choices=LED, default="all")
    led = SelectMultipleField(
        "Only these",
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def __init__(self, *args, person=None, queues=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.person = person
        for field in (self.queues, self.led):
            field.choices = [SelectChoice(queue.id, queue.name) for queue in queues]
        self.password.flags.required = person is None
        length = f"At least {SHORTEST_PASSWORD} characters"
        self.password.description = (
            f"{length}. Leave empty to keep the old one." if person else f"{length}."
        )

    def validate_email(self, field):
        if people.has_email(field.data, but=self.person):
            raise ValidationError("Somebody here has this email already.")

    def validate_password(self, field):
        if not field.data and self.person is not None:
            return
        check_password_length(field.data or "")

    def validate_led(self, field):
        if self.led_ids() == []:
            raise ValidationError("Choose at least one queue, or all of them.")

    def led_ids(self):
        """The queues this person is to lead; None: all."""
        if self.role.data != Role.SUPERVISOR or self.leads_all.data == "all":
            return None
        return self.led.data or []

    def values(self):
        return {
            "name": self.name.data,
            "email": self.email.data.lower(),
            "role": self.role.data,
            "capacity": self.capacity.data,
            "active": self.active.data,
        }


def check_password_length(password):
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValidationError(f"A password has at least {SHORTEST_PASSWORD} characters.")
