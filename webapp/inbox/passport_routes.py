"""The passport of a message, for those who lead: a dialog, or a page of its own."""

from flask import Blueprint, abort
from flask_login import current_user

from webapp import pages
from webapp.extensions import db
from webapp.inbox import passport as passports
from webapp.inbox.models import Interaction, Message
from webapp.staff.access import LEADERS, may_see, needs

bp = Blueprint("passports", __name__)


@bp.get("/inbox/<int:id>/messages/<int:message_id>/passport")
@needs(*LEADERS)
def passport(id, message_id):
    interaction = db.get_or_404(Interaction, id)
    message = db.get_or_404(Message, message_id)
    if not may_see(current_user, interaction):
        abort(404)
    theirs = interaction.account_id, interaction.contact_id
    if (message.account_id, message.contact_id) != theirs:
        abort(404)
    return pages.render(
        "inbox/passport.html",
        "inbox/_passport.html",
        interaction=interaction,
        passport=passports.of(message),
        in_dialog=pages.is_partial(),
    )
