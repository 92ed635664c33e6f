"""Queues' pages, and what an agent does with an offer."""

import json

from flask import Blueprint, abort, flash, request, url_for
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from webapp import pages
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.queues import listing, offering, setting_up
from webapp.queues.forms import QueueForm
from webapp.queues.models import Offer, Queue
from webapp.settings import hours
from webapp.staff import access
from webapp.staff.models import User
from webapp.tables import routes as tables
from webapp.unit_of_work import unit_of_work

bp = Blueprint("queues", __name__)


@bp.get("/queues")
@access.needs(*access.LEADERS)
def index():
    page = tables.page_of(
        listing.QUEUES, listing.every_queue(current_user), listing.count_queues(current_user)
    )
    return pages.render(
        "queues/queues.html",
        "queues/_queues.html",
        page=page,
        crews=listing.crews_of([row.id for row in page.rows]),
        strategies=listing.STRATEGIES,
        empty_queues=lambda: listing.without_members(current_user),
    )


@bp.post("/queues/export")
@access.needs(*access.LEADERS)
def export():
    return tables.download(listing.QUEUES, listing.to_export(current_user), "queues.csv")


@bp.route("/queues/add", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
def add():
    form = QueueForm()
    member_ids = _posted_members()
    if "change" in request.form or not form.validate_on_submit():
        return _page(form, None, member_ids)
    try:
        with unit_of_work():
            queue_id = setting_up.add(form.values(), member_ids, by=_me()).id
    except IntegrityError:
        form.name.errors = ["Another queue has this name already."]
        return _page(form, None, member_ids)
    flash("Queue added.")
    return pages.see_other(url_for("queues.edit", id=queue_id))


@bp.route("/queues/<int:id>", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
def edit(id):
    queue = _led(id)
    if request.method == "GET":
        form = QueueForm(data=setting_up.facts(queue), queue=queue)
        return _page(form, queue, [member.user_id for member in queue.members])
    form = QueueForm(queue=queue)
    member_ids = _posted_members()
    if "change" in request.form or not form.validate_on_submit():
        return _page(form, queue, member_ids)
    try:
        with unit_of_work():
            setting_up.change(db.session.get(Queue, id), form.values(), member_ids, by=_me())
    except IntegrityError:
        form.name.errors = ["Another queue has this name already."]
        return _page(form, db.get_or_404(Queue, id), member_ids)
    flash("Changes saved.")
    return pages.see_other(url_for("queues.edit", id=id))


@bp.post("/queues/<int:id>/delete")
@access.needs(*access.LEADERS)
def delete(id):
    try:
        with unit_of_work():
            setting_up.remove(_led(id), by=_me())
    except setting_up.InUse as refusal:
        flash(str(refusal), "error")
        return pages.see_other(url_for("queues.edit", id=id))
    flash("Queue deleted.")
    return pages.see_other(url_for("queues.index"))


@bp.get("/offers")
@access.needs()
def offers():
    """What rings for whoever asks; the inbox keeps it live."""
    return pages.render("queues/_offers.html", offers=listing.ringing_for(current_user))


@bp.post("/offers/<int:id>/accept")
@access.needs()
def accept(id):
    interaction_id = _own_offer(id).interaction_id
    try:
        with unit_of_work():
            offering.accept(db.session.get(Offer, id), _me())
    except offering.Refused as refusal:
        return _too_late(refusal)
    return _go_to(interaction_id)


@bp.post("/offers/<int:id>/pass")
@access.needs()
def pass_on(id):
    _own_offer(id)
    with unit_of_work():
        offering.pass_on(db.session.get(Offer, id), _me())
    return offers() if pages.is_partial() else pages.see_other(url_for("inbox.index"))


@bp.post("/inbox/<int:id>/take")
@access.needs()
def take(id):
    interaction = db.get_or_404(Interaction, id)
    if not access.may_see(current_user, interaction):
        abort(404)
    try:
        with unit_of_work():
            offering.take(db.session.get(Interaction, id), _me())
    except offering.Refused as refusal:
        return _not_taken(refusal)
    return _go_to(id)


def _led(id):
    """A queue of those this leader sees and steers."""
    queue = db.get_or_404(Queue, id)
    if not access.leads_queue(current_user, id):
        abort(404)
    return queue


def _own_offer(id):
    offer = db.get_or_404(Offer, id)
    if offer.user_id != current_user.id:
        abort(404)
    return offer


def _go_to(interaction_id):
    url = url_for("inbox.interaction", id=interaction_id)
    if pages.is_partial():
        # In place, not by a new page: the socket, and the leave to make a sound, stay.
        place = {"path": url, "target": "#conversation", "swap": "outerHTML"}
        return "", 204, {"HX-Location": json.dumps(place)}
    return pages.see_other(url)


def _too_late(refusal):
    """Somebody was faster, or no place is free: say so, and show what still rings.

    Said in a toast: the offers are fetched anew at this very moment and would sweep it away.
    """
    if not pages.is_partial():
        return _back_to_the_inbox(refusal)
    answer = pages.render(
        "queues/_offers.html", status=409, offers=listing.ringing_for(current_user)
    )
    answer.headers["HX-Retarget"] = "#offers"
    answer.headers["HX-Reswap"] = "outerHTML"
    answer.headers["HX-Trigger"] = json.dumps({"toast": str(refusal)})
    return answer


def _not_taken(refusal):
    if not pages.is_partial():
        return _back_to_the_inbox(refusal)
    return pages.render("queues/_refused.html", status=409, refusal=refusal)


def _back_to_the_inbox(refusal):
    flash(str(refusal), "error")
    return pages.see_other(url_for("inbox.index"))


def _me():
    return db.session.get(User, current_user.id)


def _posted_members():
    """The people in the order the page has them, after the button that was pressed."""
    ids = [int(id) for id in request.form.getlist("member") if id.isdecimal()]
    change, _, number = request.form.get("change", "").partition("-")
    user_id = int(number) if number.isdecimal() else request.form.get("newcomer", type=int)
    if change == "add" and user_id:
        ids.append(user_id)
    elif user_id in ids:
        place = ids.index(user_id)
        ids.remove(user_id)
        if change in ("up", "down"):
            ids.insert(max(0, place + (1 if change == "down" else -1)), user_id)
    return list(dict.fromkeys(ids))


def _page(form, queue, member_ids):
    people = listing.people_by_id(member_ids)
    return pages.render(
        "queues/queue.html",
        form=form,
        queue=queue,
        people=[people[id] for id in member_ids if id in people],
        others=listing.people_to_add(member_ids),
        line=listing.next_in_line(queue) if queue else [],
        accounts=listing.accounts_served(queue) if queue else [],
        opening=hours.state(queue.interval, utcnow()) if queue and queue.interval else None,
        status=422 if form.errors else 200,
    )
