"""Hands a mail to the server: the one admins have set, else the environment's SMTP_URL."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from flask import current_app

from webapp.extensions import db
from webapp.mail.models import ONLY, MailServer

TIMEOUT = 20
STARTTLS, TLS, NONE = "starttls", "tls", "none"
OFFERED = "offered"  # STARTTLS where the server offers it


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    security: str
    username: str
    password: str
    sender: str


def is_set_up():
    return server() is not None


def server():
    """Where mail goes, or None: then nobody can be written to."""
    row = db.session.get(MailServer, ONLY)
    if row is None:
        return _from_environment()
    return Server(row.host, row.port, row.security, row.username, row.password or "", row.sender)


def message(subject, recipients, paragraphs):
    """A mail in plain words; whatever it quotes stays on the subject's one line."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(subject.split())
    mail["To"] = ", ".join(recipients)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(paragraphs) + "\n")
    return mail


def send(mail, via=None):
    """Send it now, with no transaction open; raises OSError or SMTPException."""
    via = via or server()
    mail["From"] = via.sender
    safe = ssl.create_default_context()
    if via.security == TLS:
        connection = smtplib.SMTP_SSL(via.host, via.port, timeout=TIMEOUT, context=safe)
    else:
        connection = smtplib.SMTP(via.host, via.port, timeout=TIMEOUT)
    with connection:
        connection.ehlo()
        offered = via.security == OFFERED and connection.has_extn("starttls")
        if via.security == STARTTLS or offered:
            connection.starttls(context=safe)
            connection.ehlo()
        if via.username:
            connection.login(via.username, via.password)
        connection.send_message(mail)


def _from_environment():
    address = current_app.config["SMTP_URL"]
    if not address:
        return None
    url = urlsplit(address)
    security = TLS if url.scheme == "smtps" else OFFERED
    return Server(
        url.hostname,
        url.port or _usual_port(url),
        security,
        unquote(url.username or ""),
        unquote(url.password or ""),
        current_app.config["MAIL_FROM"],
    )


def _usual_port(url):
    if url.scheme == "smtps":
        return 465
    return 587 if url.username else 25
