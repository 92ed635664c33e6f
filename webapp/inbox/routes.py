"""Pages of the inbox."""

from flask import Blueprint, render_template
from flask_login import current_user

from webapp.inbox import listing
from webapp.staff import access

bp = Blueprint("inbox", __name__)


@bp.app_context_processor
def menu_figures():
    return {"inbox_unread": lambda: listing.unread_count(current_user)}


@bp.get("/")
@access.needs()
def index():
    return render_template("inbox/inbox.html")


@bp.get("/inbox/unread")
@access.needs()
def unread():
    return render_template("inbox/_unread.html")
