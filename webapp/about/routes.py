"""What this installation is and how it is doing."""

from flask import Blueprint, Response, current_app
from flask_login import current_user

from webapp import pages
from webapp.about import bundling, examining
from webapp.columns import utcnow
from webapp.staff.access import needs
from webapp.staff.models import Role

bp = Blueprint("about", __name__, url_prefix="/about")


@bp.get("")
@needs()
def index():
    """The version for everybody; settings and health for admins."""
    if current_user.role != Role.ADMIN:
        return pages.render("about/about.html", findings=None, settings=None)
    return pages.render(
        "about/about.html", findings=examining.examine(), settings=bundling.settings()
    )


@bp.get("/bundle")
@needs(Role.ADMIN)
def bundle():
    name = f"parley-support-{utcnow():%Y%m%d-%H%M}.zip"
    return Response(
        bundling.bundle(current_app.config["VERSION"]),
        mimetype="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


@bp.get("/licence")
@needs()
def licence():
    with open(f"{current_app.root_path}/../LICENSE", encoding="utf-8") as file:
        return Response(file.read(), mimetype="text/plain")
