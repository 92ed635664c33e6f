"""The campaigns' pages: their list, and one campaign as it runs."""

from flask import Blueprint, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from webapp import pages
from webapp.campaigns import figures
from webapp.campaigns.models import Campaign, RecipientState
from webapp.campaigns.pages import listing, presenting, reasons
from webapp.campaigns.pages import recipients as recipient_list
from webapp.campaigns.pages import tiles as all_together
from webapp.campaigns.wizard import drafting, stepping
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import User
from webapp.tables import choosing, exporting, paging
from webapp.tables import routes as tables
from webapp.tables.state import state_of

bp = Blueprint("campaigns", __name__, url_prefix="/campaigns")


@bp.get("")
@access.needs(*access.LEADERS)
@access.outbound
def index():
    counts = listing.counts()
    page = tables.page_of(listing.TABLE, listing.everything(), total=counts[""])
    shown = {} if pages.is_partial() else {"tiles": all_together.current()}
    return pages.render(
        "campaigns/campaigns.html",
        "campaigns/_campaigns.html",
        page=page,
        counts=counts,
        segments=listing.SEGMENT_NAMES,
        about=listing.about(page.rows),
        **shown,
    )


@bp.get("/tiles")
@access.needs(*access.LEADERS)
@access.outbound
def tiles():
    return render_template("campaigns/_tiles.html", tiles=all_together.current())


@bp.post("/export")
@access.needs(*access.LEADERS)
@access.outbound
def export():
    chosen = choosing.selected(listing.TABLE, listing.everything(), request.form)
    lines = exporting.csv_of(listing.TABLE, chosen, listing.exported())
    return tables.attachment(lines, "text/csv; charset=utf-8", "campaigns.csv")


@bp.get("/<int:id>")
@access.needs(*access.LEADERS)
@access.outbound
def show(id):
    """Its page; the table of recipients begins with those that failed, where some did."""
    campaign = found(id)
    if drafting.is_draft(campaign):  # nothing runs yet: back to where it was left
        return pages.see_other(url_for(f".{stepping.first_open(campaign)}", id=id))
    shown = presenting.now_of(campaign)
    state = RecipientState.FAILED if shown["figures"][RecipientState.FAILED] > 0 else ""
    return page_of(campaign, shown, MultiDict({"state": state}))


@bp.get("/<int:id>/now")
@access.needs(*access.LEADERS)
@access.outbound
def now(id):
    """What a signal of its room may have changed."""
    return render_template("campaigns/_now.html", **presenting.now_of(found(id)))


@bp.get("/<int:id>/speed")
@access.needs(*access.LEADERS)
@access.outbound
def speed(id):
    return render_template("campaigns/_speed.html", **presenting.speed_of(found(id)))


@bp.get("/<int:id>/recipients")
@access.needs(*access.LEADERS)
@access.outbound
def recipients(id):
    """Its page with the table as the address says; for htmx the table alone."""
    campaign = found(id)
    if pages.is_partial():
        shown = {"campaign": campaign, "figures": figures.of(campaign)}
        return _table_of(campaign, shown, request.args)
    return page_of(campaign, presenting.now_of(campaign), request.args)


def found(id):
    return db.get_or_404(Campaign, id)


def me():
    return db.session.get(User, current_user.id)


def page_of(campaign, shown, view):
    around = {
        **shown,
        **presenting.setup_of(campaign),
        **presenting.speed_of(campaign),
        "ask": request.args.get("ask"),
    }
    return _table_of(campaign, around, view)


def _table_of(campaign, shown, view):
    """The table as the view says, alone for htmx, else on the page with all that is shown."""
    counted = shown["figures"]
    table = recipient_list.table_for(campaign, counted)
    page = paging.page_of(
        table,
        recipient_list.everybody(campaign),
        state_of(table, view),
        choosing.columns_for(table, current_user),
        path=url_for(".recipients", id=campaign.id),
    )
    return pages.render(
        "campaigns/campaign.html",
        "campaigns/_recipients.html",
        page=page,
        segments=recipient_list.segments(counted, page.state.filters.get("state", "")),
        segment_counts=recipient_list.segment_counts(counted),
        state_names=figures.STATE_NAMES,
        badges=recipient_list.BADGES,
        in_words=reasons.in_words,
        provider=reasons.provider_of(campaign),
        **shown,
    )
