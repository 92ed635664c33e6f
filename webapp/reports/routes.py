"""The pages of reports, and the same rows as files."""

from flask import Blueprint, abort, request, send_file, url_for
from flask_login import current_user

from webapp import pages
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.reports import by_agent, by_queue, charts, choosing, files, names, overview, spec
from webapp.reports.catalogue import REPORTS
from webapp.reports.models import ReportFile
from webapp.staff import access
from webapp.staff.models import User, record
from webapp.tables import routes as tables
from webapp.unit_of_work import unit_of_work

bp = Blueprint("reports", __name__, url_prefix="/reports")

MOST_AGENTS = 10


@bp.get("")
@access.needs(*access.LEADERS)
def index():
    choice, _ = asked()
    found = overview.Overview(choice)
    return page(
        "reports/overview.html",
        choice,
        tiles=found.tiles(),
        hours=found.hours(),
        endings=found.endings(),
        queues=(by_queue.REPORT, found.queues()),
        agents=(by_agent.SHORT, found.agents()[:MOST_AGENTS]),
    )


@bp.get("/<name>")
@access.needs(*access.LEADERS)
def show(name):
    report, (choice, now) = _report(name), asked()
    rows = list(report.rows(choice, now))
    chart = charts.of(report, rows)
    return page("reports/report.html", choice, report=report, rows=rows, chart=chart)


@bp.get("/<name>.<any(csv, xlsx):format>")
@access.needs(*access.LEADERS)
def download(name, format):
    """A long report as a workbook is made by a job: see `file_routes`."""
    report, (choice, now) = _report(name), asked()
    if report.is_long:
        _note(report, choice, format)
    rows = report.rows(choice, now)
    filename = f"{name}-{choice.first}-{choice.last}.{format}"
    if format == "csv":
        return tables.attachment(files.csv_of(report.columns, rows), files.FORMATS["csv"], filename)
    book = files.xlsx_of(report.title, report.columns, rows)
    answer = send_file(book, files.FORMATS["xlsx"], as_attachment=True, download_name=filename)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _note(report, choice, format):
    """What people get as rows is noted in the audit log."""
    if format != "csv":
        abort(404)
    with unit_of_work():
        me = db.session.get(User, current_user.id)
        noted = {"report": report.name, **choice.address(period="own")}
        record(me, "exported", ReportFile(), after=noted)


def _report(name):
    return REPORTS.get(name) or abort(404)


def asked():
    """(what the address asks about, the moment it was asked)"""
    now = utcnow()
    return choosing.read(request.args, now, access.led_queues(current_user)), now


def page(template, choice, report=None, **context):
    """A page of reports: with those filters that say something about its rows."""
    kinds = report.filters if report else choosing.FILTERS
    return pages.render(
        template,
        choice=choice,
        report=report,
        reports=REPORTS,
        periods=choosing.PERIODS,
        filters=[
            (kind, names.TABLES[kind][1], names.choices(kind, current_user), getattr(choice, kind))
            for kind in kinds
        ],
        ignored=[names.TABLES[name][1].lower() for name in report.ignored(choice)]
        if report
        else [],
        shown=spec.shown,
        duration=spec.duration,
        cleared=dict.fromkeys(choosing.FILTERS),
        here=lambda **changes: url_for(
            request.endpoint, **request.view_args, **choice.address(**changes)
        ),
        **context,
    )
