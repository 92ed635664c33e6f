"""Files that a job makes: asked for, waited for with progress, and fetched by their owner."""

from flask import abort, request, send_file, url_for
from flask_login import current_user
from sqlalchemy import select

from webapp import media_store, pages
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.reports import choosing, files, listings, making
from webapp.reports.catalogue import REPORTS
from webapp.reports.models import ReportFile
from webapp.reports.routes import bp
from webapp.staff import access
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

LATEST = 30


@bp.get("/files", endpoint="files")
@access.needs(*access.LEADERS)
def list_files():
    return pages.render("reports/files.html", "reports/_files.html", **_own())


@bp.post("/files")
@access.needs(*access.LEADERS)
def make_file():
    listing, format = request.form.get("listing"), request.form.get("format")
    known = listing in REPORTS or listing in listings.LISTINGS
    if not known or format not in files.FORMATS:
        abort(400, "There is no such file.")
    with unit_of_work():
        me = db.session.get(User, current_user.id)
        making.ask(me, listing, choosing.read(request.form, utcnow()), format)
    return pages.see_other(url_for("reports.files"))


@bp.get("/files/<int:id>")
@access.needs(*access.LEADERS)
def fetch_file(id):
    file = db.get_or_404(ReportFile, id)
    if file.owner_id != current_user.id or not file.storage_key:
        abort(404)
    if not making.may_fetch(file):
        abort(403, "This file was made when you led other queues. Have it made again.")
    choice = making.choice_of(file)
    name = f"{file.report}-{choice.first}-{choice.last}.{file.format}"
    try:
        content = media_store.open(file.storage_key)
    except media_store.NotThere:
        abort(404)
    answer = send_file(content, files.FORMATS[file.format], as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _own():
    now, led = utcnow(), access.led_queues(current_user)
    found = db.session.scalars(
        select(ReportFile)
        .where(ReportFile.owner_id == current_user.id)
        .order_by(ReportFile.id.desc())
        .limit(LATEST)
    ).all()
    return {
        "files": [
            (
                file,
                making.title_of(file.report),
                choosing.read(file.choice, now, led),
                making.holds_no_more(file, led),
            )
            for file in found
        ],
        "unfinished": any(file.finished_at is None for file in found),
    }
