"""What may be posted from the inbox."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from webapp.inbox import drafts


class MessageForm(FlaskForm):
    """A reply or a note; its length is judged where it is stored, with the text kept."""

    text = TextAreaField("Message")
    client_key = StringField(validators=[InputRequired(), Length(max=64), Regexp(r"[\w-]+\Z")])
    reply_to = IntegerField(validators=[Optional()])


class SharedForm(FlaskForm):
    """What everything that is sent carries."""

    client_key = StringField(validators=[InputRequired(), Length(max=64), Regexp(r"[\w-]+\Z")])
    reply_to = IntegerField(validators=[Optional()])


class FileForm(SharedForm):
    attachment = IntegerField(validators=[InputRequired()])
    caption = TextAreaField()


class LocationForm(SharedForm):
    where = StringField(validators=[InputRequired(), Length(max=2000)])
    name = StringField(validators=[Length(max=200)])
    address = StringField(validators=[Length(max=500)])


class ContactForm(SharedForm):
    name = StringField(validators=[Length(max=200)])
    phone = StringField(validators=[InputRequired(), Length(max=40)])
    organization = StringField(validators=[Length(max=200)])


class TemplateForm(SharedForm):
    """The values have names of their own, by the template's variables."""

    template = IntegerField(validators=[InputRequired()])
    where = StringField(validators=[Length(max=2000)])  # the place of a header that shows one
    drop_draft = BooleanField()


class BeginForm(TemplateForm):
    """To somebody we know, or to a number."""

    account = IntegerField(validators=[InputRequired()])
    contact = IntegerField(validators=[Optional()])
    number = StringField(validators=[Length(max=80)])
    name = StringField(validators=[Length(max=200)])


class ReactionForm(FlaskForm):
    client_key = StringField(validators=[InputRequired(), Length(max=64), Regexp(r"[\w-]+\Z")])
    emoji = StringField(validators=[Length(max=64)])


class DraftForm(FlaskForm):
    text = TextAreaField()
    mode = RadioField(choices=list(drafts.MODES), default="reply")
    reply_to = IntegerField(validators=[Optional()])
