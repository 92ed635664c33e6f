"""Writes about what begins and ends, an alert or an alarm: when it begins, and when it is over.

Best effort: whatever happens to a mail is logged and tried again, and hurts nothing else.
"""

import logging
from datetime import timedelta

from flask import current_app
from sqlalchemy import and_, or_, select, update

from webapp.columns import utcnow
from webapp.extensions import db
from webapp.mail import sending
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=5)  # a mail that could not be sent, or whose job was lost
FORGET = timedelta(days=1)  # an end that could not be told in time is old news


class Announcements:
    """The mails about one table's rows, which have `ended_at`, `mailed_at` and `mail_tried_at`.

    `worth_telling(now)` is the condition under which a beginning is written about, and
    `written(row, now)` the mail; None where there is nobody to write to now.
    """

    def __init__(self, model, worth_telling, written):
        self._model, self._worth_telling, self._written = model, worth_telling, written

    def due(self, now=None):
        """Ids of rows to write about; none where no mail server is set."""
        if not sending.is_set_up():
            return []
        found = select(self._model.id).where(*self._due(now or utcnow()))
        return db.session.scalars(found.order_by(self._model.id)).all()

    def mail(self, id, now=None):
        """Claim and commit, send with no transaction open, note and commit."""
        now = now or utcnow()
        letter = self._claim(id, now)
        if letter is None:
            return
        try:
            sending.send(letter)
        except Exception as error:
            table = self._model.__tablename__
            log.warning("the mail about %s %s was not sent: %s", table, id, type(error).__name__)
            return
        with unit_of_work():
            row = db.session.get(self._model, id)
            if row is not None:
                row.mailed_at = now  # as it stood then: if it has ended since, that is told too

    def over_untold(self, now):
        """The condition for what is over while whoever was written to does not know it yet."""
        row = self._model
        return and_(row.ended_at > now - FORGET, row.mailed_at < row.ended_at)

    def _due(self, now):
        row = self._model
        begun = and_(row.ended_at.is_(None), row.mailed_at.is_(None), self._worth_telling(now))
        ended = self.over_untold(now)
        waited = or_(row.mail_tried_at.is_(None), row.mail_tried_at < now - AGAIN_AFTER)
        just_ended = and_(ended, row.mail_tried_at < row.ended_at)
        return or_(begun, ended), or_(waited, just_ended)

    def _claim(self, id, now):
        """The mail to send; None if another job has it, or there is nobody to send it to."""
        with unit_of_work():
            won = db.session.execute(
                update(self._model)
                .where(self._model.id == id, *self._due(now))
                .values(mail_tried_at=now)
                .execution_options(synchronize_session=False)
            ).rowcount
            row = won and db.session.get(self._model, id, populate_existing=True)
            return self._written(row, now) if row else None


def letter(word, title, row, details, recipients, path):
    """What every such mail says: what is so and since when, or that it is over."""
    if row.ended_at:
        lasted = f"It lasted from {_moment(row.began_at)} to {_moment(row.ended_at)}."
        about = [f"This is no longer so: {title}", lasted]
    else:
        about = [title, *filter(None, details), f"Since {_moment(row.began_at)}."]
    page = f"{current_app.config['PUBLIC_URL']}{path}"
    return sending.message(f"{word}: {title}", recipients, [*about, page])


def _moment(at):
    return f"{at:%Y-%m-%d %H:%M} UTC"
