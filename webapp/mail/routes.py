"""The page of the mail server."""

import smtplib

from flask import Blueprint, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.extensions import db
from webapp.mail import saving, sending
from webapp.mail.forms import MailServerForm
from webapp.mail.models import ONLY, MailServer
from webapp.staff import access
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work

bp = Blueprint("mail", __name__, url_prefix="/settings/mail")


@bp.app_context_processor
def figures():
    return {"mail_is_set_up": sending.is_set_up}


@bp.route("", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def edit():
    row = db.session.get(MailServer, ONLY)
    if request.method == "GET":
        return _page(MailServerForm(obj=row, test_to=current_user.email), row)
    form = MailServerForm()
    if not form.validate():
        return _page(form, row, 422)
    if "test" in request.form:
        return _try_out(form, row)
    with unit_of_work():
        saving.save(form.values(), by=db.session.get(User, current_user.id))
    flash("Mail server saved.")
    return pages.see_other(url_for("mail.edit"))


@bp.post("/forget")
@access.needs(Role.ADMIN)
def forget():
    with unit_of_work():
        saving.forget(by=db.session.get(User, current_user.id))
    flash("Mail goes as the environment says again.")
    return pages.see_other(url_for("mail.edit"))


def _try_out(form, row):
    """What is typed is tried, kept or not; nothing typed is lost."""
    to = form.test_to.data or current_user.email
    mail = sending.message("A test from Parley", [to], ["If you read this, mail works."])
    via = saving.as_server(form.values())
    db.session.rollback()  # no transaction waits for a network
    try:
        sending.send(mail, via)
    except (OSError, smtplib.SMTPException) as error:
        form.test_to.errors = [f"Not sent: {_why(error)}"]
        return _page(form, row, 422)
    return _page(form, row, sent_to=to)


def _why(error):
    """The server's own words, if it said any."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "the server does not take this user name and password."
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the server does not offer STARTTLS. Choose another encryption."
    return f"the server cannot be reached ({type(error).__name__}). Check its name and port."


def _page(form, row, status=200, sent_to=None):
    return pages.render(
        "mail/edit.html",
        status=status,
        form=form,
        row=row,
        sent_to=sent_to,
        by_environment=row is None and sending.is_set_up(),
    )
