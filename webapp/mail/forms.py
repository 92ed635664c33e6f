"""The mail server's form."""

import re
from email.utils import parseaddr

from flask_wtf import FlaskForm
from wtforms import IntegerField, PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from webapp.mail import saving, sending

SECURITY = [
    SelectChoice(sending.STARTTLS, "STARTTLS, usually port 587"),
    SelectChoice(sending.TLS, "TLS, usually port 465"),
    SelectChoice(sending.NONE, "None: only inside your own network"),
]
ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def _stripped(value):
    return value.strip() if value else value


def is_address(text):
    """Whether it is one address, with a name or without, on one line: headers are made of it."""
    return text.isprintable() and ADDRESS.fullmatch(parseaddr(text)[1]) is not None


def addresses(text):
    """Addresses as people write several: separated by commas, spaces or lines."""
    return [one for one in re.split(r"[\s,;]+", text or "") if one]


class MailServerForm(FlaskForm):
    host = StringField("Server", [DataRequired("Write its name."), Length(max=255)], [_stripped])
    port = IntegerField(
        "Port",
        [InputRequired("Write a number."), NumberRange(1, 65_535, "From 1 to 65,535.")],
        default=587,
    )
    security = SelectField(
        "Encryption", [InputRequired()], choices=SECURITY, default=sending.STARTTLS
    )
    username = StringField("User name", [Optional(), Length(max=255)], [_stripped])
    password = PasswordField("Password", [Length(max=255)])
    sender = StringField(
        "From",
        [DataRequired("Write an address."), Length(max=255)],
        [_stripped],
        description="Like Parley <parley@example.com>",
    )
    test_to = StringField("Send a test to", [Optional(), Length(max=255)], [_stripped])

    def validate_sender(self, field):
        _check_address(field)

    def validate_test_to(self, field):
        _check_address(field)

    def validate_password(self, field):
        """A kept password goes nowhere but to the server it was typed for."""
        if not field.data and self.username.data and saving.is_elsewhere(self.values()):
            raise ValidationError("Type it again: it was kept for another server.")

    def values(self):
        return {
            name: getattr(self, name).data or ("" if name != "port" else None)
            for name in ("host", "port", "security", "username", "password", "sender")
        }


def _check_address(field):
    if field.data and not is_address(field.data):
        raise ValidationError("Write one e-mail address.")
