"""Writes to the admins when an alert opens and when it ends, where SMTP_URL says how.

Best effort: whatever happens to a mail is logged and tried again, and hurts nothing else.
"""

import logging
import smtplib
import ssl
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from flask import current_app
from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import aliased

from webapp.alerting.models import Alert
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=5)  # a mail that could not be sent, or whose job was lost
QUIET = timedelta(hours=1)  # one that ends and opens all the time is told of this often
FORGET = timedelta(days=1)  # an end that could not be told in time is old news
TIMEOUT = 20


def due(now=None):
    """Ids of alerts to write about; none where nobody can be written to."""
    if not current_app.config["SMTP_URL"]:
        return []
    return db.session.scalars(select(Alert.id).where(*_due(now or utcnow()))).all()


def mail(alert_id):
    """Claim and commit, send with no transaction open, note and commit."""
    now = utcnow()
    claimed = _claim(alert_id, now)
    if claimed is None:
        return
    try:
        _send(claimed)
    except Exception as error:
        log.warning("the mail about alert %s was not sent: %s", alert_id, type(error).__name__)
        return
    with unit_of_work():
        alert = db.session.get(Alert, alert_id)
        if alert is not None:
            alert.mailed_at = now  # as it stood then: if it has ended since, that is told too


def _due(now):
    earlier = aliased(Alert)
    just_told = exists().where(
        earlier.kind == Alert.kind,
        earlier.subject == Alert.subject,
        earlier.id != Alert.id,
        earlier.mailed_at > now - QUIET,
    )
    opened = and_(Alert.ended_at.is_(None), Alert.mailed_at.is_(None), ~just_told)
    ended = and_(
        Alert.ended_at > now - FORGET,
        Alert.mailed_at.is_not(None),
        Alert.mailed_at < Alert.ended_at,
    )
    waited = or_(Alert.mail_tried_at.is_(None), Alert.mail_tried_at < now - AGAIN_AFTER)
    just_ended = and_(ended, Alert.mail_tried_at < Alert.ended_at)
    return or_(opened, ended), or_(waited, just_ended)


def _claim(alert_id, now):
    """The mail to send; None if another job has it, or there is nobody to send it to."""
    with unit_of_work():
        won = db.session.execute(
            update(Alert)
            .where(Alert.id == alert_id, *_due(now))
            .values(mail_tried_at=now)
            .execution_options(synchronize_session=False)
        ).rowcount
        admins = db.session.scalars(
            select(User.email).where(User.role == Role.ADMIN, User.active).order_by(User.id)
        ).all()
        return _written(db.session.get(Alert, alert_id), admins) if won and admins else None


def _written(alert, admins):
    message = EmailMessage()
    message["Subject"] = f"{'Mended' if alert.ended_at else 'Alert'}: {_one_line(alert.title)}"
    message["From"] = current_app.config["MAIL_FROM"]
    message["To"] = ", ".join(admins)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(_paragraphs(alert)) + "\n")
    return message


def _paragraphs(alert):
    if alert.ended_at:
        yield f"This is no longer so: {alert.title}"
        yield f"It lasted from {_moment(alert.began_at)} to {_moment(alert.ended_at)}."
    else:
        yield alert.title
        yield from filter(None, (alert.detail, alert.action))
        yield f"Since {_moment(alert.began_at)}."
    yield f"{current_app.config['PUBLIC_URL']}/accounts/alerts"


def _moment(at):
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _one_line(text):
    return " ".join(text.split())


def _send(message):
    url = urlsplit(current_app.config["SMTP_URL"])
    host, port = url.hostname, url.port or _usual_port(url)
    safe = ssl.create_default_context()
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=safe)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    with server:
        server.ehlo()
        if url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=safe)
            server.ehlo()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)


def _usual_port(url):
    if url.scheme == "smtps":
        return 465
    return 587 if url.username else 25
