"""A queue's page."""

from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, ValidationError

from webapp.queues import setting_up
from webapp.queues.models import Strategy
from webapp.settings import hours

STRATEGIES = [
    SelectChoice(Strategy.BEEP_ALL, "Everyone at once"),
    SelectChoice(Strategy.RR_MEMORY, "In turn"),
    SelectChoice(Strategy.LEAST_RECENT, "Longest since last offer"),
]


def number(label, least, most, default, description):
    return IntegerField(
        label,
        default=default,
        description=description,
        validators=[
            InputRequired("Write a whole number."),
            NumberRange(least, most, f"Choose a number from {least} to {most}."),
        ],
    )


class QueueForm(FlaskForm):
    name = StringField(
        "Name",
        filters=[lambda value: value.strip() if value else value],
        validators=[DataRequired("Write a name."), Length(max=80)],
    )
    description = StringField("Description", validators=[Length(max=500)])
    strategy = RadioField(
        "How conversations are handed out", choices=STRATEGIES, default=Strategy.RR_MEMORY
    )
    timeout = number(
        "Ring time, seconds", 5, 600, 30, "How long one agent sees an offer before it goes on"
    )
    weight = number("Weight", 0, 100, 0, "Against other queues that want the same agent")
    reply_target = number(
        "First reply within, seconds", 5, 86_400, 120, "Waiting longer than this shows in red"
    )

    interval_id = SelectField(
        "Open", coerce=lambda value: int(value) if value else None, validate_choice=True
    )

    def __init__(self, *args, queue=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.queue = queue
        self.interval_id.choices = hours.select_choices("Always open")

    def validate_name(self, field):
        if setting_up.has_name(field.data, but=self.queue):
            raise ValidationError("Another queue has this name already.")

    def values(self):
        return {name: self[name].data or self._empty(name) for name in setting_up.COLUMNS}

    @staticmethod
    def _empty(name):
        return {"description": "", "interval_id": None}.get(name, 0)
