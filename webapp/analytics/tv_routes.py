"""TV mode: a page of figures alone, by an address that can be revoked; and the list of these."""

from flask import abort, flash, make_response, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select

from webapp import pages
from webapp.analytics import board, choosing, links, looking, realtime, tiles
from webapp.analytics.models import BoardLink
from webapp.analytics.routes import bp
from webapp.columns import id_of, utcnow
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

ON_A_PAGE, PAGE_SECONDS = 8, 15
LIFETIMES = {"": "Until it is revoked", "1": "One day", "30": "30 days", "365": "A year"}


@bp.get("/tv/<secret>")
@access.public
def tv(secret):
    """Whoever has the address sees the figures, nothing of customers, no names of agents."""
    link = _link(secret)
    response = make_response(render_template("analytics/tv.html", **_context(link, secret)))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/tv/<secret>/now")
@access.public
def tv_now(secret):
    link = _link(secret)
    seq, _ = looking.newest(utcnow())
    key = (links.choice_of(link), link.id, _turn())
    made = looking.shared(
        seq, key, lambda: render_template("analytics/_tv.html", **_context(link, secret))
    )
    response = make_response(made.html)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/links", endpoint="links", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
def links_page():
    if request.method == "GET":
        return _links()
    try:
        with unit_of_work():
            days = id_of(request.form.get("days", ""))
            link, secret = links.make(
                request.form.get("name", ""), choosing.read(request.form), _me(), days
            )
    except ValueError as refusal:
        return _links(error=str(refusal))
    return _links(made=(link, url_for("board.tv", secret=secret, _external=True)))


@bp.post("/links/<int:id>/revoke")
@access.needs(*access.LEADERS)
def revoke(id):
    db.first_or_404(select(BoardLink).where(BoardLink.id == id, links.visible(current_user)))
    with unit_of_work():
        links.revoke(db.session.get(BoardLink, id), _me())
    flash("Revoked. Screens that show it go dark.")
    return pages.see_other(url_for("board.links"))


def _link(secret):
    now = utcnow()
    link = links.find(secret, now)
    if link is None:
        abort(404)
    if links.is_due(link, now):
        link_id = link.id
        with unit_of_work():
            db.session.get(BoardLink, link_id).seen_at = now
        link = db.session.get(BoardLink, link_id)
    return link


def _context(link, secret):
    now = utcnow()
    seq, snapshot = looking.newest(now)
    view = board.View(snapshot, links.choice_of(link))
    rows, count = _page_of(view.queues)
    return {
        "view": view,
        "name": link.name,
        "secret": secret,
        "tiles": tiles.for_a_tv(view),
        "queues": rows,
        "pages": count,
        "page": _turn() % count + 1,
        "computed": bool(seq),
        "late": realtime.is_late(now - view.at),
    }


def _page_of(queues):
    """Eight at a time, by turns; all screens show the same ones at the same time."""
    count = max(1, -(-len(queues) // ON_A_PAGE))
    start = _turn() % count * ON_A_PAGE
    return queues[start : start + ON_A_PAGE], count


def _turn():
    return int(utcnow().timestamp()) // PAGE_SECONDS


def _links(made=None, error=None):
    _, snapshot = looking.newest(utcnow())
    led = access.led_queues(current_user)
    choice = choosing.read(request.values, led)
    return pages.render(
        "analytics/links.html",
        links=links.working(current_user),
        made=made,
        error=error,
        choice=choice,
        names=board.View(snapshot, choosing.DEFAULT._replace(led=led)).names,
        lifetimes=LIFETIMES,
        status=422 if error else 200,
    )


def _me():
    return db.session.get(User, current_user.id)
