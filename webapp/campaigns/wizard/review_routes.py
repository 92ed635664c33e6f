"""Step 4: what was checked, tests, what it costs, who agrees, and the launch."""

import uuid

from flask import abort, flash, render_template, request, session, url_for
from flask_login import current_user

from webapp import pages
from webapp.accounts.access_points import provider_of
from webapp.campaigns import approving, launching
from webapp.campaigns.audience import explaining
from webapp.campaigns.messages import previewing, testing, variants
from webapp.campaigns.models import Campaign
from webapp.campaigns.pages import presenting
from webapp.campaigns.pages.routes import bp, me
from webapp.campaigns.settings import costs, rates, rules
from webapp.campaigns.wizard import checking, choosing, drafting, hours_choices, tallying
from webapp.campaigns.wizard.routes import draft, launched, limit_of, wizard
from webapp.columns import id_of, number_of
from webapp.contacts.models import Contact, ContactList
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.staff import access
from webapp.unit_of_work import unit_of_work

TESTER = "campaign_tester"  # whose phone a person tries campaigns on
OFFERED = 10  # contacts a test may be sent as


@bp.get("/<int:id>/review")
@access.needs(*access.LEADERS)
@access.outbound
def review(id):
    campaign = draft(id)
    return launched(id) if campaign is None else _page(campaign)


@bp.get("/<int:id>/tests")
@access.needs(*access.LEADERS)
@access.outbound
def tests(id):
    """How the tests stand, again with each news of theirs."""
    campaign = db.get_or_404(Campaign, id)
    return render_template(
        "campaigns/_tests.html", campaign=campaign, results=testing.results(campaign)
    )


@bp.post("/<int:id>/test")
@access.needs(*access.LEADERS)
@access.outbound
def test(id):
    campaign = draft(id)
    if campaign is None:
        return launched(id)
    number = request.form.get("number", "").strip()
    session[TESTER] = number[:40]
    place = number_of(request.form.get("variant", "0"))
    if place is None or place >= len(campaign.variants):
        abort(400, "Choose a message first.")
    key = (request.form.get("client_key") or uuid.uuid4().hex)[:64]
    with unit_of_work():
        campaign = db.session.get(Campaign, id)
        contact = db.session.get(Contact, id_of(request.form.get("contact", "")) or 0)
        sent = testing.send(campaign, campaign.variants[place], number, contact, me(), key)
        problem = sent.problem
    if problem:
        flash(problem, "error")
    return pages.see_other(url_for(".review", id=id, _anchor="tests"))


@bp.post("/<int:id>/approval/<verb>")
@access.needs(*access.LEADERS)
@access.outbound
def approval(id, verb):
    """Ask for a second person's word, or give it."""
    if verb not in ("ask", "approve", "decline"):
        abort(404)
    word = request.form.get("word", "")
    try:
        with unit_of_work():
            campaign = db.get_or_404(Campaign, id)
            if verb == "ask":
                approving.ask(campaign, tallying.latest(campaign).going, me())
            else:
                getattr(approving, verb)(campaign, me(), word)
    except ValueError as refusal:
        flash(str(refusal), "error")
    return pages.see_other(url_for(".review", id=id))


@bp.post("/<int:id>/launch")
@access.needs(*access.LEADERS)
@access.outbound
def launch(id):
    """A second press finds it launched and just goes to its page."""
    if draft(id) is None:
        return launched(id)
    try:
        with unit_of_work():
            launching.launch(db.session.get(Campaign, id), me())
    except launching.Blocked as refusal:
        return _page(draft(id), 422, refusal.reasons)
    except ValueError as refusal:
        flash(str(refusal), "error")
    else:
        flash("Launched.")
    return launched(id)


def _page(campaign, status=200, refused=()):
    checks = checking.checks(campaign)
    blocked = [one for one in checks if one.level == checking.FIX]
    tally = tallying.known(campaign)
    people = tally.going if tally else 0
    ready = not blocked
    return pages.render(
        "campaigns/review.html",
        **wizard(campaign, drafting.REVIEW),
        checks=checks,
        to_fix=len(blocked),
        to_know=sum(one.level == checking.KNOW for one in checks),
        refused=refused,
        tally=tally,
        cost=costs.estimate(campaign) if ready else None,
        rates_kept=bool(rates.everything()),
        categories=costs.CATEGORIES,
        provider=provider_of(campaign.account) if campaign.account else None,
        results=testing.results(campaign),
        testers=previewing.contacts(campaign, OFFERED) if ready else [],
        tester=session.get(TESTER, ""),
        client_key=uuid.uuid4().hex,
        summary=_summary(campaign),
        limit=limit_of(campaign, people),
        **_approval(campaign, people),
        status=status,
    )


def _approval(campaign, people):
    return {
        "approval_needed": approving.needed(people),
        "approval_missing": approving.is_missing(campaign, people),
        "why_not": approving.why_not(campaign, people, current_user),
        "bound": rules.rules().second_person_above,
        "others": approving.others(campaign),
        "may_agree": approving.may_agree(campaign, current_user),
        "asker": approving.asker_of(campaign),
        "last_word": approving.last_word(campaign),
    }


def _summary(campaign):
    """What it will do, in words."""
    names = explaining.names
    kept = campaign.audience or {}
    filters = {one.id: one.name for one in choosing.filters(current_user)}
    sources = [
        *names(ContactList, kept.get("list_ids", ())),
        *names(Tag, kept.get("tag_ids", ())),
        *(filters[id] for id in kept.get("filter_ids", ()) if id in filters),
    ]
    return {
        "sources": sources,
        "messages": variants.of(campaign),
        "response_time": presenting.response_time(campaign.response_minutes),
        "week": hours_choices.week_in_words(campaign.interval) if campaign.interval else "",
    }
