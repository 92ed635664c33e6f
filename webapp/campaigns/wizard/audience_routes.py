"""Step 1: whom a campaign writes to, counted while it is being chosen."""

from functools import partial

from flask import abort, flash, make_response, render_template, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.campaigns.audience import explaining
from webapp.campaigns.audience import selection as people
from webapp.campaigns.models import Campaign
from webapp.campaigns.pages.routes import bp
from webapp.campaigns.wizard import audience_forms, choosing, drafting, tallying
from webapp.campaigns.wizard.routes import draft, kept, launched, wizard
from webapp.columns import id_of
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.staff import access

PAGE = 50


@bp.route("/<int:id>/audience", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
@access.outbound
def audience(id):
    campaign = draft(id)
    if campaign is None:
        return launched(id)
    if request.method == "GET":
        return _page(campaign, audience_forms.typed_from(campaign))
    typed = audience_forms.typed_in(request.form)
    if "change" in request.form:
        typed.pressed(request.form["change"])
        return _changed(campaign, typed)
    wanted = typed.checked(choosing.accounts())
    again = partial(_again, id, typed)
    return kept(id, drafting.AUDIENCE, wanted, typed.errors, again)


@bp.get("/<int:id>/count")
@access.needs(*access.LEADERS)
@access.outbound
def count(id):
    """The figures beside the first step, counted now; the page keeps the old ones meanwhile."""
    campaign = db.get_or_404(Campaign, id)
    return render_template("campaigns/_count.html", **_count(campaign, counted=True))


@bp.get("/<int:id>/left-out")
@access.needs(*access.LEADERS)
@access.outbound
def left_out(id):
    """Who does not get it, for one reason or for any."""
    campaign = db.get_or_404(Campaign, id)
    reason = request.args.get("reason", "")
    if reason and reason not in people.REASONS:
        abort(404)
    after = id_of(request.args.get("after", "")) or 0
    try:
        found = people.people(campaign, reason or None)
    except ValueError as problem:  # a condition names a field that is gone
        flash(str(problem), "error")
        return pages.see_other(url_for(".audience", id=id))
    found = found.where(Contact.id > after).order_by(Contact.id)
    rows = db.session.execute(found.limit(PAGE + 1)).all()
    return pages.render(
        "campaigns/left_out.html",
        campaign=campaign,
        reason=reason,
        rows=rows[:PAGE],
        more=len(rows) > PAGE,
        tally=tallying.latest(campaign),
        title_of=partial(explaining.title, campaign),
    )


def _changed(campaign, typed):
    if pages.is_partial():
        html = render_template("campaigns/_conditions.html", campaign=campaign, typed=typed)
        response = make_response(html)
        response.headers["HX-Trigger-After-Swap"] = "rows-changed"  # what is right is saved
        return response
    return _page(campaign, typed)


def _again(id, typed, status, other=None, missing=()):
    return _page(draft(id), typed, status, other, missing)


def _count(campaign, counted):
    """The figures, or why there are none."""
    tally, problem = tallying.known(campaign), ""
    if counted:
        try:
            tally = tallying.counted(campaign)
        except ValueError as error:
            problem = str(error)
    return {
        "campaign": campaign,
        "tally": tally,
        "problem": problem,
        "title_of": partial(explaining.title, campaign),
        "detail_of": partial(explaining.detail, campaign),
    }


def _page(campaign, typed, status=200, other=None, missing=()):
    return pages.render(
        "campaigns/audience.html",
        **wizard(campaign, drafting.AUDIENCE) | _count(campaign, counted="count" in request.args),
        typed=typed,
        accounts=choosing.accounts(),
        lists=choosing.lists(current_user),
        tags=choosing.tags(),
        filters=choosing.filters(current_user),
        once=people.ONCE,
        other=other,
        missing=missing,
        status=status,
    )
