"""Step 3: when a campaign goes out, how fast, who answers, and when it pauses itself."""

from functools import partial

from flask import render_template, request
from sqlalchemy import func, select

from webapp import pages, words
from webapp.campaigns.models import Campaign
from webapp.campaigns.pages.routes import bp, me
from webapp.campaigns.sending import pacing
from webapp.campaigns.wizard import (
    drafting,
    hours_choices,
    planning,
    reply_load,
    schedule_forms,
    tallying,
)
from webapp.campaigns.wizard.routes import draft, kept, launched, limit_of, wizard
from webapp.extensions import db
from webapp.queues.models import Queue
from webapp.settings.forms import time_zones
from webapp.staff import access
from webapp.unit_of_work import unit_of_work


@bp.route("/<int:id>/schedule", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
@access.outbound
def schedule(id):
    campaign = draft(id)
    if campaign is None:
        return launched(id)
    if request.method == "GET":
        return _page(campaign, schedule_forms.typed_from(campaign))
    typed = schedule_forms.typed_in(request.form)
    if request.form.get("change", "").startswith("pace "):
        typed.values |= {"pace": request.form["change"].removeprefix("pace "), "spread_hours": ""}
    known = {one.id for one in hours_choices.all_intervals()}, {one.id for one in _queues()}
    wanted = typed.checked(*known, campaign)
    if wanted and wanted["interval_id"] == schedule_forms.OWN:
        wanted = _with_own_hours(campaign, typed, wanted)
    return kept(id, drafting.SCHEDULE, wanted, typed.errors, partial(_again, id, typed))


@bp.get("/<int:id>/plan")
@access.needs(*access.LEADERS)
@access.outbound
def plan(id):
    """When it would go out, beside the form; estimated anew after each change."""
    campaign = db.get_or_404(Campaign, id)
    return render_template("campaigns/_plan.html", **_planned(campaign))


def _with_own_hours(campaign, typed, wanted):
    """Hours for this campaign alone are made when somebody goes on, not with each key."""
    spans = typed.own_hours()
    if typed.errors:
        return None
    if pages.is_partial():
        return wanted | {"interval_id": campaign.interval_id}
    with unit_of_work():
        interval = hours_choices.add_own(db.session.get(Campaign, campaign.id), spans, me())
        typed.values["interval"] = str(interval.id)  # where the page comes back, they are chosen
        return wanted | {"interval_id": interval.id}


def _queues():
    return db.session.scalars(select(Queue).order_by(func.lower(Queue.name))).all()


def _again(id, typed, status, other=None, missing=()):
    return _page(draft(id), typed, status, other, missing)


def _page(campaign, typed, status=200, other=None, missing=()):
    account = campaign.account
    return pages.render(
        "campaigns/schedule.html",
        **wizard(campaign, drafting.SCHEDULE),
        typed=typed,
        intervals=hours_choices.all_intervals(),
        week_of=hours_choices.week_in_words,
        holidays_of=hours_choices.holidays_in_words,
        zones=time_zones(),
        zone_here=words.zone().key,
        queues=_queues(),
        most=int(pacing.account_rate(account) * 60) if account else None,
        tally=tallying.known(campaign),
        other=other,
        missing=missing,
        status=status,
    )


def _planned(campaign):
    """The plan, or why there is none yet."""
    try:
        by_zone = planning.by_zone_of(campaign) if campaign.account else {}
    except ValueError as error:  # a condition's field is gone: the first step says so
        return {"campaign": campaign, "plan": None, "problem": str(error)}
    found = planning.plan(campaign, by_zone)
    return {
        "campaign": campaign,
        "plan": found,
        "zones": hours_choices.zones_in_words(campaign, by_zone),
        "load": reply_load.of(campaign, found.per_minute, found.many),
        "limit": limit_of(campaign, found.many),
        "problem": "",
        "week_of": hours_choices.week_in_words,
        "holidays_of": hours_choices.holidays_in_words,
    }
