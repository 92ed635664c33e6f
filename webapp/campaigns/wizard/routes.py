"""What the wizard's four pages share: a draft is begun, kept as one goes, and left at any step."""

from flask import flash, make_response, render_template, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.campaigns.models import Campaign
from webapp.campaigns.pages.routes import bp, me
from webapp.campaigns.sending import limits
from webapp.campaigns.wizard import audience_forms, choosing, drafting, stepping
from webapp.extensions import db
from webapp.staff import access
from webapp.unit_of_work import unit_of_work


@bp.route("/new", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
@access.outbound
def new():
    """A name and the number it comes from; the rest is asked for on the pages of the draft."""
    typed = audience_forms.typed_in(request.form)
    accounts = choosing.accounts()
    if request.method == "GET":
        return _new_page(typed, accounts)
    wanted = typed.checked(accounts)
    if wanted is None:
        return _new_page(typed, accounts)
    with unit_of_work():
        id = drafting.begin(wanted["name"], wanted["account_id"], me()).id
    return pages.see_other(url_for(".audience", id=id))


@bp.get("/<int:id>/told/<step>")
@access.needs(*access.LEADERS)
@access.outbound
def told(id, step):
    """Whether somebody else changed this step while it is open here."""
    campaign = db.get_or_404(Campaign, id)
    seen = request.args.get("seen", "")
    theirs = (
        step in (*drafting.COLUMNS, drafting.MESSAGE)
        and seen != drafting.version(campaign, step)
        and campaign.updated_by_id != current_user.id
    )
    other = campaign.updated_by if theirs else None
    return render_template(
        "campaigns/_told.html", campaign=campaign, step=step, seen=seen, other=other
    )


def draft(id):
    """The campaign if its parts may still change; else None, and the page leads on to it."""
    campaign = db.get_or_404(Campaign, id)
    return campaign if drafting.is_draft(campaign) else None


def launched(id):
    return pages.see_other(url_for(".show", id=id))


def kept(id, step, wanted, errors, shown):
    """Keep a step and say what comes next: for autosave a line in the foot, else the next page.

    `wanted` is None where something is wrong, which `errors` tells by field. `shown(status,
    other, missing)` draws the step's page as it was typed.
    """
    auto = pages.is_partial()
    if auto:
        refused, other, changed = stored(id, step, wanted, errors)
        return line(id, step, refused, other, quiet=not changed)
    if wanted is None:
        return shown(422)
    refused, other, _ = stored(id, step, wanted, errors)
    if other is not None:
        return shown(409, other)
    if refused:
        flash(refused, "error")
        return launched(id)
    if request.form.get("go") == "back":
        return pages.see_other(url_for(f".{stepping.before(step)}", id=id))
    missing = stepping.missing(db.session.get(Campaign, id), step)
    if missing:
        return shown(422, None, missing)
    with unit_of_work():
        drafting.go_on(db.session.get(Campaign, id), step)
    return pages.see_other(url_for(f".{stepping.after(step)}", id=id))


def limit_of(campaign, own):
    """The portfolio's daily limit as the panel shows it; None without an account."""
    if campaign.account is None:
        return None
    standing = limits.standing(campaign.account, but=campaign)
    return {
        "most": standing.most, "used": standing.used, "planned": standing.planned, "own": own
    }  # fmt: skip


def stored(id, step, wanted, errors=()):
    """Keep it: (why not, who changed the step meanwhile, whether anything is new)."""
    if wanted is None:
        return f"Not saved: {next(iter(errors.values()))}", None, False
    seen = None if "keep_mine" in request.form else request.form.get("seen")
    strict = pages.is_partial() and "change" not in request.form
    try:
        with unit_of_work():
            campaign = db.session.get(Campaign, id)
            changed = drafting.save(campaign, step, wanted, me(), seen, strict)
    except drafting.Overtaken as refusal:
        return str(refusal), refusal.by, False
    except drafting.Refused as refusal:
        return str(refusal), None, False
    return "", None, changed


def wizard(campaign, step):
    """What every step's page shows of its surroundings."""
    return {
        "campaign": campaign,
        "step": step,
        "steps": stepping.steps(campaign),
        "seen": drafting.version(campaign, step) if step != drafting.REVIEW else "",
    }


def line(id, step, refused="", other=None, also="", quiet=False):
    """The foot's line, the check marks and the version, each in its place; `also` comes first.

    What stands beside the form is told that something was saved, unless `quiet`.
    """
    db.session.rollback()
    campaign = db.session.get(Campaign, id)
    context = wizard(campaign, step)
    if other is not None or refused:
        context["seen"] = request.form.get("seen", "")
    html = render_template(
        "campaigns/_kept.html", **context, refused=refused, other=other, beside=bool(also)
    )
    response = make_response(also + html, 409 if other is not None else 200)
    if not refused and other is None and not quiet:
        response.headers["HX-Trigger-After-Swap"] = "campaign-saved"
    return response


def _new_page(typed, accounts):
    status = 422 if typed.errors else 200
    return pages.render("campaigns/new.html", typed=typed, accounts=accounts, status=status)
