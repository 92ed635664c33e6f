"""The pages on which admins write the rules."""

from flask import abort, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.alarms import rules
from webapp.alarms.figures import FIGURES
from webapp.alarms.forms import RuleForm, filled_from
from webapp.alarms.routes import bp
from webapp.extensions import db
from webapp.mail import sending
from webapp.staff import access
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work


@bp.get("/rules", endpoint="rules")
@access.needs(Role.ADMIN)
def list_rules():
    return pages.render("alarms/rules.html", rules=rules.all_rules(), fired=rules.counts())


@bp.route("/rules/add", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def add_rule():
    form = RuleForm()
    if request.method == "GET" or not form.validate():
        return _page(form, None)
    with unit_of_work():
        rules.add(form.values(), by=_me())
    flash("Rule added.")
    return pages.see_other(url_for("alarms.rules"))


@bp.route("/rules/<int:id>", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def edit_rule(id):
    rule = _found(id)
    if request.method == "GET":
        return _page(RuleForm(data=filled_from(rule)), rule)
    form = RuleForm()
    if not form.validate():
        return _page(form, rule)
    with unit_of_work():
        rules.change(_found(id), form.values(), by=_me())
    flash("Rule saved.")
    return pages.see_other(url_for("alarms.rules"))


@bp.post("/rules/<int:id>/switch")
@access.needs(Role.ADMIN)
def switch_rule(id):
    with unit_of_work():
        rules.switch(_found(id), request.form.get("on") == "yes", by=_me())
    return pages.see_other(url_for("alarms.rules"))


@bp.post("/rules/<int:id>/delete")
@access.needs(Role.ADMIN)
def delete_rule(id):
    with unit_of_work():
        rules.delete(_found(id), by=_me())
    flash("Rule deleted.")
    return pages.see_other(url_for("alarms.rules"))


def _found(id):
    return rules.found(id) or abort(404)


def _me():
    return db.session.get(User, current_user.id)


def _page(form, rule):
    return pages.render(
        "alarms/rule.html",
        status=422 if form.errors else 200,
        form=form,
        rule=rule,
        figures=FIGURES,
        mail_set_up=sending.is_set_up(),
    )
