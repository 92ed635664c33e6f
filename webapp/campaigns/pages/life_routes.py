"""What people do with a campaign from its page or from the list: each is one verb."""

from flask import flash, request, url_for

from webapp import pages
from webapp.campaigns import cloning, launching, running
from webapp.campaigns.models import Campaign
from webapp.campaigns.pages.routes import bp, found, me
from webapp.campaigns.results import mending, retrying
from webapp.columns import id_of
from webapp.extensions import db
from webapp.staff import access
from webapp.unit_of_work import unit_of_work


@bp.post("/<int:id>/start")
@access.needs(*access.LEADERS)
@access.outbound
def start(id):
    return _done(id, launching.start, "It is being sent.")


@bp.post("/<int:id>/pause")
@access.needs(*access.LEADERS)
@access.outbound
def pause(id):
    return _done(id, running.pause, "Paused. Nothing more leaves.")


@bp.post("/<int:id>/resume")
@access.needs(*access.LEADERS)
@access.outbound
def resume(id):
    return _done(id, launching.resume, "It goes on.")


@bp.post("/<int:id>/stop")
@access.needs(*access.LEADERS)
@access.outbound
def stop(id):
    reason = request.form.get("reason", "").strip()[: running.LONGEST_REASON]
    return _done(id, lambda one, by: running.stop(one, by, reason), "Stopped for good.")


@bp.post("/<int:id>/extend")
@access.needs(*access.LEADERS)
@access.outbound
def extend(id):
    return _done(id, launching.extend, "Its new contacts are being loaded.")


@bp.post("/<int:id>/retry")
@access.needs(*access.LEADERS)
@access.outbound
def retry(id):
    """All who failed and may be reached now, or the one the form names."""
    named = map(id_of, request.form.getlist("id"))
    ids = [one for one in named if one is not None] if "id" in request.form else None
    if ids is None:
        return _done(id, retrying.ask, "They are being queued again.")
    return _done(id, lambda one, by: mending.retry_failed(one, by, ids), "Queued again.")


@bp.post("/<int:id>/clone")
@access.needs(*access.LEADERS)
@access.outbound
def clone(id):
    campaign = found(id)
    with unit_of_work():
        copy_id = cloning.clone(db.session.get(Campaign, campaign.id), me()).id
    flash("This is the copy: a draft. Nothing is sent before you launch it.")
    return pages.see_other(url_for(".show", id=copy_id))


def _done(id, verb, said):
    found(id)
    try:
        with unit_of_work():
            verb(db.session.get(Campaign, id), me())
    except ValueError as refusal:
        flash(str(refusal), "error")
    else:
        flash(said)
    listed = request.form.get("next")
    return pages.see_other(pages.own_path(listed) if listed else url_for(".show", id=id))
