"""What leaders do from the board: with people, with conversations, with campaigns."""

import json

from flask import Response, abort, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.analytics import days, periods, steering, tiles
from webapp.analytics.routes import bp, seen_person
from webapp.campaigns import launching, running
from webapp.campaigns.models import Campaign
from webapp.columns import id_of, utcnow
from webapp.extensions import db
from webapp.inbox import wrapping_up
from webapp.inbox.models import Interaction
from webapp.queues import accepting
from webapp.queues.models import Queue
from webapp.settings.zone import time_zone
from webapp.staff import access, leading, presence
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work


@bp.get("/agents/<int:id>")
@access.needs(*access.LEADERS)
def agent(id):
    return pages.render("analytics/agent.html", **_about(seen_person(id)))


@bp.get('/agents/<int:id>/<any(pause,unpause,"sign-out",queues):act>')
@access.needs(*access.LEADERS)
def agent_act(id, act):
    """What is asked before it is done: a dialog on the board, a page without script."""
    return _ask("agent", act, agent=_led(id), reasons=presence.PAUSE_REASONS)


@bp.post("/agents/<int:id>/pause")
@access.needs(*access.LEADERS)
def pause(id):
    reason = request.form.get("reason", "").strip()[:60] or "Other"
    with unit_of_work():
        leading.pause(_led(id), reason, by=_me())
    return _done_with(id, "paused. Nobody rings them now.")


@bp.post("/agents/<int:id>/unpause")
@access.needs(*access.LEADERS)
def unpause(id):
    with unit_of_work():
        leading.unpause(_led(id), by=_me())
    return _done_with(id, "available again.")


@bp.post("/agents/<int:id>/sign-out")
@access.needs(*access.LEADERS)
def sign_out(id):
    with unit_of_work():
        leading.sign_out(_led(id), by=_me())
    return _done_with(id, "signed out. Their conversations stay theirs.")


@bp.post("/agents/<int:id>/queues")
@access.needs(*access.LEADERS)
def queues(id):
    named = map(id_of, request.form.getlist("queue"))
    wanted = [one for one in named if one is not None]
    with unit_of_work():
        person = _led(id)
        leading.set_queues(person, steering.queues_with(person, wanted, _me()), by=_me())
    return _done_with(id, "in the queues you chose.")


@bp.get("/conversations/<int:id>")
@access.needs(*access.LEADERS)
def conversation(id):
    return _about_talk("overview", id)


@bp.get("/conversations/<int:id>/<any(assign,transfer,take,close):act>")
@access.needs(*access.LEADERS)
def talk_act(id, act):
    return _about_talk(act, id)


@bp.post("/conversations/<int:id>/assign")
@access.needs(*access.LEADERS)
def assign(id):
    user_id = id_of(request.form.get("user", ""))
    if user_id is None:
        return _about_talk("assign", id, "Choose who is to answer.")
    words = f"{seen_person(user_id).name} has this conversation now."
    return _steer("assign", id, lambda one: accepting.give(one, seen_person(user_id), _me()), words)


@bp.post("/conversations/<int:id>/transfer")
@access.needs(*access.LEADERS)
def transfer(id):
    queue_id = id_of(request.form.get("queue", ""))
    queue = db.session.get(Queue, queue_id) if queue_id else None
    if queue is None:
        return _about_talk("transfer", id, "Choose the queue it is to wait in.")
    words = f"It waits in {queue.name} now."
    return _steer("transfer", id, lambda one: steering.transfer(one, queue_id, _me()), words)


@bp.post("/conversations/<int:id>/take")
@access.needs(*access.LEADERS)
def take(id):
    there = url_for("inbox.interaction", id=id)
    return _steer("take", id, lambda one: steering.take(one, _me()), "It is yours now.", there)


@bp.post("/conversations/<int:id>/close")
@access.needs(*access.LEADERS)
def close(id):
    chosen, note = wrapping_up.asked(request.form)
    return _steer(
        "close", id, lambda one: steering.close(one, _me(), chosen, note), "Conversation closed."
    )


@bp.get("/campaigns/<int:id>/<any(start,pause,resume,stop):act>")
@access.needs(*access.LEADERS)
@access.outbound
def campaign_act(id, act):
    return _ask("campaign", act, campaign=db.get_or_404(Campaign, id))


@bp.post("/campaigns/<int:id>/<any(start,pause,resume,stop):act>", endpoint="campaign_steer")
@access.needs(*access.LEADERS)
@access.outbound
def campaign_steered(id, act):
    campaign = db.get_or_404(Campaign, id)
    verb, words = CAMPAIGN_VERBS[act]
    try:
        with unit_of_work():
            verb(db.session.get(Campaign, id), _me())
    except ValueError as refusal:
        campaign = db.session.get(Campaign, id)
        return _ask("campaign", act, campaign=campaign, error=str(refusal))
    return _done(words.format(name=campaign.name), url_for("board.index", tab="campaigns"))


def _stop(campaign, by):
    running.stop(campaign, by, request.form.get("reason", "").strip()[: running.LONGEST_REASON])


CAMPAIGN_VERBS = {
    "start": (launching.start, "{name} is being sent."),
    "pause": (running.pause, "{name} is paused. Nothing more leaves."),
    "resume": (launching.resume, "{name} goes on."),
    "stop": (_stop, "{name} is stopped for good."),
}


def _about(person):
    zone, now = time_zone(), utcnow()
    today = days.of(person, periods.today(now, zone), zone, now, by=current_user)
    return {
        "tiles": tiles.of_agent(today.sums),
        "agent": person,
        "led": access.may_lead(current_user, person),
        "held": steering.held_by(person, current_user),
        "queues": steering.queues_of(person, current_user),
        "reasons": presence.PAUSE_REASONS,
    }


def _about_talk(act, id, error=None):
    interaction = _interaction(id)
    asks_whom = act in ("overview", "assign")
    return _ask(
        "talk",
        act,
        talk=interaction,
        over=interaction.is_closed(utcnow()),
        people=steering.who_could(interaction, current_user) if asks_whom else (),
        all_queues=steering.every_queue() if act == "transfer" else (),
        error=error,
        **(_outcome(interaction) if act == "close" else {}),
    )


def _outcome(interaction):
    """What it may end with, and what was chosen and written where that was refused."""
    chosen, note = wrapping_up.asked(request.form)
    return {
        "choices": wrapping_up.choices(interaction, current_user),
        "chosen": chosen,
        "note": note,
    }


def _ask(about, act, error=None, **context):
    if act == "queues":
        context["queues"] = steering.queues_of(context["agent"], current_user)
    return pages.render(
        f"analytics/{about}_act.html",
        f"analytics/_{about}_act.html",
        act=act,
        error=error,
        status=422 if error else 200,
        **context,
    )


def _steer(act, id, verb, words, there=None):
    """Done with a conversation, or the dialog again with why not."""
    _interaction(id)
    try:
        with unit_of_work():
            verb(db.session.get(Interaction, id))
    except (accepting.Refused, wrapping_up.Refused) as refusal:
        db.session.rollback()
        return _about_talk(act, id, str(refusal))
    return _done(words, there or url_for("board.index"))


def _done(words, url):
    """The dialog closes and says so, and the board follows by itself; a plain form goes on."""
    if pages.is_partial():
        return Response(status=204, headers={"HX-Trigger": json.dumps({"toast": words})})
    flash(words)
    return pages.see_other(url)


def _done_with(id, words):
    return _done(f"{seen_person(id).name} is {words}", url_for("board.agent", id=id))


def _led(id):
    """Whom this leader may steer; anybody else's status is not theirs to change."""
    person = seen_person(id)
    if not access.may_lead(current_user, person):
        abort(403, "Only an admin may do this with another admin or supervisor.")
    return person


def _interaction(id):
    interaction = db.get_or_404(Interaction, id)
    if not access.may_steer(current_user, interaction):
        abort(404)
    return interaction


def _me():
    return db.session.get(User, current_user.id)
