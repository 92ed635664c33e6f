"""Writing again to many customers at once: who, by which template, and what became of it."""

from flask import abort, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.extensions import db
from webapp.inbox import recontacting
from webapp.inbox.recontact_models import Recontact
from webapp.inbox.starting_routes import bp
from webapp.staff import access
from webapp.unit_of_work import unit_of_work


@bp.get("/inbox/recontact")
@access.needs()
@access.outbound
def recontact():
    """Everybody whose window closed on an unanswered message, by account."""
    found = recontacting.plan_for(current_user, _chosen(request.args))
    return pages.render("inbox/recontact.html", parts=found, given=request.args)


@bp.post("/inbox/recontact", endpoint="recontact_many")
@access.needs()
@access.outbound
def recontact_many():
    ids = [int(one) for one in request.form.getlist("interaction") if one.isdecimal()]
    try:
        with unit_of_work():
            wish = recontacting.ask(current_user._get_current_object(), ids, _chosen(request.form))
            wish_id = wish.id
    except ValueError as error:
        flash(str(error), "error")
        return pages.see_other(url_for(".recontact"))
    return pages.see_other(url_for(".recontacted", id=wish_id))


@bp.get("/inbox/recontact/<int:id>")
@access.needs()
@access.outbound
def recontacted(id):
    wish = db.get_or_404(Recontact, id)
    if wish.by_id != current_user.id and not access.leads_all(current_user):
        abort(404)
    states, reasons = recontacting.counts(wish)
    page = "inbox/_recontacted.html" if pages.is_partial() else "inbox/recontacted.html"
    return pages.render(page, wish=wish, states=states, reasons=reasons)


def _chosen(given):
    """{account id: template and values} from `template-3=5` and `value-3-body-day=Tuesday`."""
    chosen = {}
    for name, value in given.items():
        kind, _, rest = name.partition("-")
        if kind == "template" and rest.isdecimal() and value.isdecimal():
            chosen.setdefault(rest, {"values": {}})["template"] = int(value)
    for name, value in given.items():
        kind, _, rest = name.partition("-")
        account, _, place = rest.partition("-")
        if kind == "value" and account in chosen and value.strip():
            chosen[account]["values"][place.replace("-", " ", 1)] = value.strip()
    return chosen
