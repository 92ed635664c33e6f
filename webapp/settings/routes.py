"""The settings' pages: the plan, and opening hours."""

from flask import Blueprint, flash, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from webapp import pages
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.settings import forms, hours, planning
from webapp.settings import plan as plans
from webapp.settings.models import Interval
from webapp.staff import access
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work

bp = Blueprint("settings", __name__, url_prefix="/settings")


@bp.get("")
@access.needs(Role.ADMIN)
def index():
    return pages.see_other(url_for("settings.plan"))


@bp.route("/plan", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def plan():
    held = plans.plan()
    if request.method == "GET":
        form = forms.PlanForm(
            data={"kind": held.kind, "seats": held.seats, "last_day": held.last_day}
        )
        return _plan_page(form)
    form = forms.PlanForm()
    if not form.validate():
        return _plan_page(form)
    wanted = planning.as_plan(form.kind.data, form.seats.data, form.last_day.data)
    stops = planning.would_stop(wanted)
    if stops and "confirmed" not in request.form:
        return _plan_page(form, stops)
    try:
        with unit_of_work():
            planning.change(wanted, by=_me())
    except planning.Refused as refusal:
        form.seats.errors = [str(refusal)]
        return _plan_page(form)
    flash("Plan saved.")
    return pages.see_other(url_for("settings.plan"))


@bp.get("/hours", endpoint="hours")
@access.needs(Role.ADMIN)
def list_hours():
    now = utcnow()
    rows = [(one, hours.state(one, now), hours.used_by(one)) for one in hours.all_intervals()]
    return pages.render("settings/hours.html", rows=rows, expected_id=hours.expected_id())


@bp.route("/hours/add", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def add_hours():
    if request.method == "GET":
        return _hours_page(forms.Hours(), None)
    return _save_hours(None)


@bp.route("/hours/<int:id>", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def edit_hours(id):
    interval = db.get_or_404(Interval, id)
    if request.method == "GET":
        return _hours_page(forms.typed_from(interval), interval)
    return _save_hours(interval)


@bp.post("/hours/preview")
@access.needs(Role.ADMIN)
def preview_hours():
    return render_template("settings/_preview.html", **_preview(forms.typed_in(request.form)))


@bp.post("/hours/<int:id>/delete")
@access.needs(Role.ADMIN)
def delete_hours(id):
    try:
        with unit_of_work():
            hours.remove(db.get_or_404(Interval, id), by=_me())
    except hours.InUse as refusal:
        flash(str(refusal), "error")
        return pages.see_other(url_for("settings.edit_hours", id=id))
    flash("Hours deleted.")
    return pages.see_other(url_for("settings.hours"))


@bp.post("/hours/expected")
@access.needs(Role.ADMIN)
def expect_hours():
    """Within which hours an account's silence is an alarm."""
    id = request.form.get("interval_id", type=int)
    with unit_of_work():
        if id is not None:
            db.get_or_404(Interval, id)
        hours.expect(id, by=_me())
    flash("Changes saved.")
    return pages.see_other(url_for("settings.hours"))


def _save_hours(interval):
    typed = forms.typed_in(request.form)
    if "change" in request.form:
        typed.pressed(request.form["change"])
        return _hours_page(typed, interval)
    wanted = typed.checked(interval)
    if wanted is None:
        return _hours_page(typed, interval)
    id = interval.id if interval else None
    try:
        with unit_of_work():
            saved = _store(id, wanted)
    except IntegrityError:
        typed.errors["name"] = "Other hours have this name already."
        return _hours_page(typed, db.session.get(Interval, id) if id else None)
    flash("Changes saved." if id else "Hours added.")
    return pages.see_other(url_for("settings.edit_hours", id=saved))


def _store(id, wanted):
    if id is None:
        return hours.add(wanted, by=_me()).id
    hours.change(db.get_or_404(Interval, id), wanted, by=_me())
    return id


def _me():
    return db.session.get(User, current_user.id)


def _plan_page(form, stops=()):
    return pages.render(
        "settings/plan.html",
        form=form,
        held=plans.plan(),
        counted=plans.people_counted(),
        stops=stops,
        ended=plans.plan().has_ended(utcnow()),
        status=422 if form.errors else 200,
    )


def _hours_page(typed, interval):
    return pages.render(
        "settings/hours_edit.html",
        typed=typed,
        interval=interval,
        used_by=hours.used_by(interval) if interval else [],
        zones=forms.time_zones(),
        week_days=forms.WEEK_DAYS,
        months=forms.MONTHS,
        **_preview(typed),
        status=422 if typed.errors else 200,
    )


def _preview(typed):
    schedule, now = typed.as_schedule(), utcnow()
    return {"state": hours.state(schedule, now), "week": hours.coming_week(schedule, now)}
