"""What leaders see of alarms: on the board, as notices on every page, and the list of all."""

from flask import Blueprint, request, url_for
from flask_login import current_user
from sqlalchemy import select

from webapp import pages
from webapp.alarms import judging, showing, wording
from webapp.alarms.models import Alarm
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import User
from webapp.tables import routes as tables
from webapp.unit_of_work import unit_of_work

bp = Blueprint("alarms", __name__, url_prefix="/alarms")


@bp.app_context_processor
def figures():
    return {
        "alarms_seen_by": showing.open_alarms,
        "open_alarms": lambda: showing.open_alarms(_led()),
        "alarm_notices": lambda: showing.notices(_led()),
        "alarm_words": wording,
    }


@bp.get("")
@access.needs(*access.LEADERS)
def index():
    page = tables.page_of(showing.ENDED, showing.ended(_led()))
    return pages.render("alarms/index.html", "alarms/_ended.html", page=page)


@bp.post("/export")
@access.needs(*access.LEADERS)
def export():
    return tables.download(showing.ENDED, showing.ended(_led()), "alarms.csv")


@bp.get("/open")
@access.needs(*access.LEADERS)
def opened():
    return pages.render("alarms/_open.html")


@bp.get("/notices")
@access.needs(*access.LEADERS)
def notices():
    return pages.render("alarms/_notices.html")


@bp.post("/<int:id>/acknowledge")
@access.needs(*access.LEADERS)
def acknowledge(id):
    with unit_of_work():
        alarm = db.first_or_404(select(Alarm).where(Alarm.id == id, showing.visible(_led())))
        judging.acknowledge(alarm, by=db.session.get(User, current_user.id))
    if pages.is_partial():
        return pages.render("alarms/_open.html")
    return pages.see_other(
        pages.own_path(request.form.get("next")) if "next" in request.form else url_for(".index")
    )


def _led():
    return access.led_queues(current_user)
