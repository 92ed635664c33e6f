"""“Send me a test”, in the editor."""

import uuid

from flask import flash, request, session, url_for
from flask_login import current_user

from webapp import pages
from webapp.extensions import db
from webapp.inbox import sending, starting
from webapp.message_templates import trying
from webapp.message_templates.models import MessageTemplate
from webapp.message_templates.routes import TESTER, bp
from webapp.queues import accepting
from webapp.staff import access
from webapp.staff.models import User, record
from webapp.unit_of_work import unit_of_work


@bp.post("/<int:id>/try", endpoint="try")
@access.needs(*access.LEADERS)
@access.outbound
def send_test(id):
    template = db.get_or_404(MessageTemplate, id)
    number = request.form.get("number", "").strip()
    session[TESTER] = number[:40]
    key = request.form.get("client_key") or uuid.uuid4().hex
    try:
        with unit_of_work():
            by = db.session.get(User, current_user.id)
            message = trying.send(template, number, by, key[:64])
            record(by, "template.tried", template, after={"contact": message.contact_id})
    except sending.Refused as refused:
        flash(refused.refusal.sentence, "error")
    except (ValueError, starting.Elsewhere, accepting.Refused) as refused:
        flash(str(refused), "error")
    else:
        flash(f"On its way to {number}. The conversation is yours, in the inbox.")
    return pages.see_other(url_for(".edit", id=id, _anchor="more"))
