"""A campaign's recipients: one with each of its tries, all as CSV, and doubts settled by people."""

from flask import abort, flash, request, url_for

from webapp import pages
from webapp.campaigns import figures
from webapp.campaigns.models import Campaign, Recipient, RecipientState
from webapp.campaigns.pages import reasons
from webapp.campaigns.pages import recipients as recipient_list
from webapp.campaigns.pages.routes import bp, found, me
from webapp.campaigns.results import mending
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import record
from webapp.tables import choosing, exporting, paging
from webapp.tables import routes as tables
from webapp.tables.state import state_of
from webapp.unit_of_work import unit_of_work

OUTCOMES = {
    "sending": "being called",
    "sent": "the provider took it",
    "refused": "the provider refused it",
    "unknown": "no answer",
}


@bp.get("/<int:id>/recipients/<int:recipient_id>")
@access.needs(*access.LEADERS)
@access.outbound
def recipient(id, recipient_id):
    campaign, one = found(id), db.get_or_404(Recipient, recipient_id)
    if one.campaign_id != campaign.id:
        abort(404)
    failed, provider = one.state == RecipientState.FAILED, reasons.provider_of(campaign)
    return pages.render(
        "campaigns/recipient.html",
        "campaigns/_recipient.html",
        campaign=campaign,
        recipient=one,
        attempts=recipient_list.attempts(campaign, one),
        outcomes=OUTCOMES,
        state_names=figures.STATE_NAMES,
        in_words=reasons.in_words,
        provider=provider,
        advice=reasons.meaning(provider, one.reason).action if failed else "",
        may_retry=failed and mending.may_retry(campaign, one.reason),
    )


@bp.get("/<int:id>/recipients.csv")
@access.needs(*access.LEADERS)
@access.outbound
def recipients_csv(id):
    """All of them, or those of the state, the reason and the words in the address."""
    campaign = found(id)
    table = recipient_list.table_for(campaign, figures.of(campaign))
    state = state_of(table, request.args)
    with unit_of_work():
        chosen = {"search": state.search, **state.filters}
        record(me(), "exported", campaign, after=chosen)
    wanted = paging.narrowed(table, recipient_list.everybody(campaign), state)
    lines = exporting.csv_of(table, wanted, recipient_list.columns(reasons.provider_of(campaign)))
    name = "-".join(filter(None, ["campaign", str(id), state.filters.get("state")]))
    return tables.attachment(lines, "text/csv; charset=utf-8", f"{name}.csv")


@bp.post("/<int:id>/settle")
@access.needs(*access.LEADERS)
@access.outbound
def settle(id):
    """What somebody knows of calls that got no answer: those ticked, or all of them."""
    outcome = request.form.get("outcome")
    if outcome not in ("sent", "failed"):
        abort(400, "Say whether they were sent.")
    campaign = found(id)
    table = recipient_list.table_for(campaign, figures.of(campaign))
    chosen = choosing.selected(table, recipient_list.ids_of(campaign), request.form)
    ids = db.session.scalars(chosen.where(Recipient.state == RecipientState.UNKNOWN)).all()
    try:
        with unit_of_work():
            many = mending.settle(db.session.get(Campaign, id), ids, outcome == "sent", me())
    except ValueError as refusal:
        flash(str(refusal), "error")
    else:
        flash(f"Settled {many:,}. Nothing was sent.")
    if figures.of(campaign)[RecipientState.UNKNOWN]:
        rest = url_for(".recipients", id=id, state="unknown", _anchor="recipients")
        return pages.see_other(rest)
    return pages.see_other(url_for(".show", id=id))
