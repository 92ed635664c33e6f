"""What may be posted from the inbox."""

from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from webapp.inbox import drafts


class MessageForm(FlaskForm):
    """A reply or a note; its length is judged where it is stored, with the text kept."""

    text = TextAreaField("Message")
    client_key = StringField(validators=[InputRequired(), Length(max=64), Regexp(r"[\w-]+\Z")])
    reply_to = IntegerField(validators=[Optional()])


class DraftForm(FlaskForm):
    text = TextAreaField()
    mode = RadioField(choices=list(drafts.MODES), default="reply")
    reply_to = IntegerField(validators=[Optional()])
