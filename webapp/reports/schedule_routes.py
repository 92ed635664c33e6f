"""Reports sent by mail again and again: a list, and a form beside it."""

from flask import abort, flash, request, url_for
from flask_login import current_user
from sqlalchemy import select

from webapp import pages
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.mail import sending
from webapp.reports import choosing, making, scheduling
from webapp.reports.forms import ScheduleForm
from webapp.reports.models import ReportSchedule
from webapp.reports.routes import bp
from webapp.settings.forms import time_zones
from webapp.staff import access
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work


@bp.route("/schedules", methods=["GET", "POST"], endpoint="schedules")
@access.needs(*access.LEADERS)
def list_schedules():
    choice = choosing.read(request.args, utcnow())
    if request.method == "GET":
        form = ScheduleForm(
            data={
                "report": request.args.get("report", "queues"),
                "time_zone": choice.zone,
                "recipients": current_user.email,
            }
        )
        return _page(form, choice)
    form = ScheduleForm()
    if not form.validate():
        return _page(form, choice)
    narrowed = {name: getattr(choice, name) for name in choosing.FILTERS if getattr(choice, name)}
    with unit_of_work():
        scheduling.add(form.values() | {"choice": narrowed}, by=_me())
    flash("It is sent from now on.")
    return pages.see_other(url_for("reports.schedules"))


@bp.post("/schedules/<int:id>/delete")
@access.needs(*access.LEADERS)
def delete_schedule(id):
    with unit_of_work():
        schedule = db.get_or_404(ReportSchedule, id)
        if schedule.owner_id != current_user.id and current_user.role != Role.ADMIN:
            abort(404)
        scheduling.delete(schedule, by=_me())
    flash("It is sent no more.")
    return pages.see_other(url_for("reports.schedules"))


def _me():
    return db.session.get(User, current_user.id)


def _page(form, choice):
    """Everybody sees their own; admins see all."""
    wanted = select(ReportSchedule).order_by(ReportSchedule.next_run_at, ReportSchedule.id)
    if current_user.role != Role.ADMIN:
        wanted = wanted.where(ReportSchedule.owner_id == current_user.id)
    found = db.session.scalars(wanted).all()
    return pages.render(
        "reports/schedules.html",
        status=422 if form.errors else 200,
        form=form,
        choice=choice,
        zones=time_zones(),
        schedules=[(one, making.title_of(one.report), scheduling.words(one)) for one in found],
        mail_set_up=sending.is_set_up(),
    )
