"""An outgoing webhook's form."""

from urllib.parse import urlsplit

from flask import current_app
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from webapp.outgoing_webhooks import saving


def _stripped(value):
    return value.strip() if value else value


class WebhookForm(FlaskForm):
    name = StringField("Name", [DataRequired("Write a name."), Length(max=120)], [_stripped])
    url = StringField(
        "Address",
        [DataRequired("Write the address."), Length(max=2000)],
        [_stripped],
        description="https:// and a public host: addresses inside your network are refused.",
    )
    enabled = BooleanField("Switched on", default=True)

    def __init__(self, *args, webhook=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.webhook = webhook

    def validate_name(self, field):
        if saving.has_name(field.data, but=self.webhook):
            raise ValidationError("Another webhook has this name already.")

    def validate_url(self, field):
        schemes = ("https", "http") if current_app.config["ALLOW_PRIVATE_ADDRESSES"] else ("https",)
        try:
            parts = urlsplit(field.data)
            right = parts.scheme in schemes and parts.hostname and (parts.port or True)
        except ValueError:
            right = False
        if not right or parts.username or any(sign.isspace() for sign in field.data):
            raise ValidationError("Write an address like https://hooks.example.com/parley.")

    def values(self):
        return {name: getattr(self, name).data for name in saving.COLUMNS}
