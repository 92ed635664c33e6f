"""Settings of campaigns: their rules, and the price table their costs are told from."""

from flask import flash, request, url_for

from webapp import pages
from webapp.campaigns.pages.routes import bp, me
from webapp.campaigns.settings import rates, rules, rules_forms
from webapp.campaigns.settings.costs import CATEGORIES
from webapp.campaigns.settings.models import MessageRate
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import Role
from webapp.unit_of_work import unit_of_work


@bp.route("/rules", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
@access.outbound
def rules_page():
    if request.method == "GET":
        return _page(rules_forms.typed_from(rules.rules()))
    typed = rules_forms.typed_in(request.form)
    wanted = typed.checked()
    if wanted is None:
        return _page(typed, status=422)
    with unit_of_work():
        rules.change(wanted, me())
    flash("Changes saved.")
    return pages.see_other(url_for(".rules_page"))


@bp.route("/rates/add", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
@access.outbound
def add_rate():
    return _rate_page(None, {}) if request.method == "GET" else _save_rate(None)


@bp.route("/rates/<int:id>", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
@access.outbound
def edit_rate(id):
    rate = db.get_or_404(MessageRate, id)
    return _rate_page(rate, rates.as_typed(rate)) if request.method == "GET" else _save_rate(id)


@bp.post("/rates/<int:id>/delete")
@access.needs(Role.ADMIN)
@access.outbound
def delete_rate(id):
    with unit_of_work():
        rates.remove(db.get_or_404(MessageRate, id), me())
    flash("Price deleted.")
    return pages.see_other(url_for(".rules_page", _anchor="prices"))


@bp.post("/rates/paste")
@access.needs(Role.ADMIN)
@access.outbound
def paste_rates():
    """Rows as CSV, pasted or from a file; all of them, or none where one is wrong."""
    file = request.files.get("file")
    text = request.form.get("rows", "")
    try:
        if file and file.filename:
            text = file.read(2_000_000).decode("utf-8-sig")
        found = rates.read(text)
    except UnicodeDecodeError:
        return _page(pasted=text, problem="Save the file as UTF-8 and choose it again.", status=422)
    except ValueError as error:
        return _page(pasted=text, problem=str(error), status=422)
    with unit_of_work():
        many = rates.paste(found, me())
    flash(f"{many:,} prices saved.")
    return pages.see_other(url_for(".rules_page", _anchor="prices"))


def _save_rate(id):
    typed = {name: request.form.get(name, "") for name in rates.COLUMNS}
    try:
        row = rates.checked(typed)
        with unit_of_work():
            rates.save(db.get_or_404(MessageRate, id) if id else None, row, me())
    except rates.Refused as refusal:
        rate = db.session.get(MessageRate, id) if id else None
        return _rate_page(rate, typed, refusal.errors)
    flash("Price saved.")
    return pages.see_other(url_for(".rules_page", _anchor="prices"))


def _page(typed=None, pasted="", problem="", status=200):
    return pages.render(
        "campaigns/rules.html",
        typed=typed or rules_forms.typed_from(rules.rules()),
        rows=rates.everything(),
        providers=rates.providers(),
        categories=CATEGORIES,
        pasted=pasted,
        problem=problem,
        status=status,
    )


def _rate_page(rate, typed, errors=None):
    return pages.render(
        "campaigns/rate.html",
        rate=rate,
        typed=typed,
        errors=errors or {},
        providers=rates.providers(),
        categories=CATEGORIES,
        status=422 if errors else 200,
    )
