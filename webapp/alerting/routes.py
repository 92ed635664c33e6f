"""Pages of alerts for admins, and the line in the inbox for whoever cannot send."""

from flask import Blueprint
from flask_login import current_user

from webapp import pages
from webapp.alerting import listing, raising
from webapp.staff.access import needs
from webapp.staff.models import Role
from webapp.tables import routes as tables

bp = Blueprint("alerting", __name__)


@bp.app_context_processor
def figures():
    return {
        "open_alerts": raising.open_count,
        "hindered_accounts": lambda: listing.hindered(current_user),
    }


@bp.get("/accounts/alerts")
@needs(Role.ADMIN)
def index():
    page = tables.page_of(listing.ENDED, listing.ended())
    return pages.render(
        "alerting/index.html",
        "alerting/_ended.html",
        page=page,
        opened=listing.opened,
        severities=listing.SEVERITIES,
    )


@bp.post("/accounts/alerts/export")
@needs(Role.ADMIN)
def export():
    return tables.download(listing.ENDED, listing.ended(), "alerts.csv")


@bp.get("/accounts/alerts/open")
@needs(Role.ADMIN)
def opened():
    return pages.render("alerting/_opened.html", opened=listing.opened())


@bp.get("/accounts/alerts/count")
@needs(Role.ADMIN)
def count():
    return pages.render("alerting/_count.html")


@bp.get("/inbox/hindered")
@needs()
def hindered():
    return pages.render("alerting/_hindered.html")
