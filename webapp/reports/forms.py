"""The form of a report that is sent again and again."""

import re
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from webapp.mail.forms import addresses, is_address
from webapp.reports import scheduling
from webapp.reports.catalogue import REPORTS
from webapp.reports.models import Rhythm

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
LAST_DAY = 28  # every month has it
WHEN = [
    SelectChoice(f"{Rhythm.DAILY}:0", "Every day, on the day before"),
    *(
        SelectChoice(f"{Rhythm.WEEKLY}:{n}", f"{day}s, on the 7 days before")
        for n, day in enumerate(scheduling.WEEK_DAYS)
    ),
    *(
        SelectChoice(f"{Rhythm.MONTHLY}:{n}", f"On day {n}, on the month before")
        for n in range(1, LAST_DAY + 1)
    ),
]


class ScheduleForm(FlaskForm):
    report = SelectField(
        "Report",
        [InputRequired()],
        choices=[SelectChoice(one.name, one.title) for one in REPORTS.values()],
    )
    when = SelectField("When", [InputRequired()], choices=WHEN, default=f"{Rhythm.WEEKLY}:0")
    clock = StringField("At", [DataRequired("Write a time.")], default="07:00")
    time_zone = StringField("Time zone", [DataRequired("Write a time zone.")])
    format = RadioField(
        "File", choices=[SelectChoice("xlsx", "XLSX"), SelectChoice("csv", "CSV")], default="xlsx"
    )
    recipients = StringField(
        "To", [DataRequired("Write an address."), Length(max=1000)], description="E-mail addresses"
    )

    def validate_clock(self, field):
        if not CLOCK.fullmatch(field.data or ""):
            raise ValidationError("Write a time like 07:00.")

    def validate_time_zone(self, field):
        if field.data not in available_timezones():
            raise ValidationError("Choose one from the list, like Europe/Rome.")

    def validate_recipients(self, field):
        wrong = [one for one in addresses(field.data) if not is_address(one)]
        if wrong:
            raise ValidationError(f"“{wrong[0]}” is not an e-mail address.")

    def values(self):
        rhythm, _, day = self.when.data.partition(":")
        return {
            "report": self.report.data,
            "rhythm": rhythm,
            "day": int(day),
            "clock": self.clock.data,
            "time_zone": self.time_zone.data,
            "format": self.format.data,
            "recipients": addresses(self.recipients.data),
        }
