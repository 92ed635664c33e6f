"""Step 2: what a campaign says: one to four templates, their values, and how contacts read them."""

from functools import partial

from flask import abort, flash, render_template, request, send_file, url_for

from webapp import media_store, pages
from webapp.campaigns.audience import gaps
from webapp.campaigns.messages import heading, previewing, suggesting, variants
from webapp.campaigns.messages.sources import CONTACT_FIELDS
from webapp.campaigns.models import Campaign
from webapp.campaigns.pages.routes import bp, me
from webapp.campaigns.wizard import drafting, message_forms, tallying
from webapp.campaigns.wizard.routes import (
    draft,
    kept,
    launched,
    line,
    stored,
    wizard,
)
from webapp.columns import number_of, utcnow
from webapp.extensions import db
from webapp.inbox.attaching import Upload
from webapp.message_templates import parts
from webapp.staff import access

PICTURES = ("image/jpeg", "image/png", "image/webp")


@bp.route("/<int:id>/message", methods=["GET", "POST"])
@access.needs(*access.LEADERS)
@access.outbound
def message(id):
    campaign = draft(id)
    if campaign is None:
        return launched(id)
    if request.method == "GET":
        return _page(campaign, message_forms.typed_from(campaign, _number(request.args)))
    typed = message_forms.typed_in(request.form, campaign)
    typed.choose(campaign, typed.template_name)
    wanted = typed.checked(campaign)
    change = request.form.get("change", "")
    if change and pages.is_partial():
        return _redrawn(id, typed, wanted)
    if change:
        return _changed(id, typed, wanted, change)
    return kept(id, drafting.MESSAGE, wanted, typed.errors, partial(_again, id, typed))


@bp.post("/<int:id>/header")
@access.needs(*access.LEADERS)
@access.outbound
def header(id):
    """Another file before the message; the card that shows it comes back."""
    campaign = draft(id)
    if campaign is None:
        return launched(id)
    number, file, problem = _number(request.form), request.files.get("header"), ""
    try:
        if not file or not file.filename:
            raise ValueError("Choose a file.")
        heading.keep(campaign, number, Upload(file.stream, file.filename, file.mimetype), me())
    except ValueError as refusal:
        problem = str(refusal)
    if pages.is_partial():
        campaign = draft(id)
        typed = message_forms.typed_from(campaign, number)
        card = render_template("campaigns/_header.html", **_shown(campaign, typed, problem))
        return line(id, drafting.MESSAGE, refused=problem, also=card)
    if problem:
        flash(problem, "error")
    return pages.see_other(url_for(".message", id=id, v=number))


@bp.get("/<int:id>/header/<int:number>")
@access.needs(*access.LEADERS)
@access.outbound
def header_picture(id, number):
    campaign = db.get_or_404(Campaign, id)
    found = campaign.variants[number].media if number < len(campaign.variants) else None
    if not found or found["mime_type"] not in PICTURES:
        abort(404)
    try:
        return send_file(media_store.open(found["key"]), mimetype=found["mime_type"], max_age=300)
    except media_store.NotThere:
        abort(404)


@bp.get("/<int:id>/preview")
@access.needs(*access.LEADERS)
@access.outbound
def preview(id):
    """The pretend phone with the next contact, or with what was changed."""
    campaign = db.get_or_404(Campaign, id)
    typed = message_forms.typed_from(campaign, _number(request.args))
    return render_template("campaigns/_preview.html", **_seen_by(campaign, typed))


@bp.get("/<int:id>/gaps")
@access.needs(*access.LEADERS)
@access.outbound
def hints(id):
    """Beneath each variable: how many have no value; and how many get the message."""
    campaign = db.get_or_404(Campaign, id)
    typed = message_forms.typed_from(campaign, _number(request.args))
    found, tally = {}, None
    try:
        tally = tallying.latest(campaign)
        if typed.template_name:
            found = gaps.of(campaign, campaign.variants[typed.number])
    except ValueError:  # the first step says which condition is gone
        tally = None
    context = _shown(campaign, typed) | {"gaps": found, "tally": tally, "oob": True}
    return render_template("campaigns/_gaps.html", **context)


def _number(values):
    number = number_of(values.get("v") or values.get("number") or "") or 0
    return number if number < variants.MOST else 0


def _redrawn(id, typed, wanted):
    """Another template or another source: what is to be filled in is drawn anew."""
    refused, other, _ = stored(id, drafting.MESSAGE, wanted, typed.errors)
    return line(id, drafting.MESSAGE, refused, other, also=_filling(id, typed))


def _changed(id, typed, wanted, change):
    """A message more or one less; or, without script, the other template's fields."""
    if wanted is None:
        return _again(id, typed, 422)
    number = typed.number
    verb, _, place = change.partition(" ")
    if verb == "add":
        wanted = message_forms.with_another(wanted)
        number = len(wanted["variants"]) - 1
    elif verb == "drop" and number_of(place) is not None:
        wanted, number = message_forms.without(wanted, number_of(place)), 0
    refused, other, _ = stored(id, drafting.MESSAGE, wanted)
    if other is not None:
        return _again(id, typed, 409, other)
    if refused:
        flash(refused, "error")
    return pages.see_other(url_for(".message", id=id, v=number))


def _filling(id, typed):
    campaign = db.session.get(Campaign, id)
    return render_template("campaigns/_filling.html", **_shown(campaign, typed))


def _again(id, typed, status, other=None, missing=()):
    return _page(draft(id), typed, status, other, missing)


def _page(campaign, typed, status=200, other=None, missing=()):
    context = wizard(campaign, drafting.MESSAGE) | _shown(campaign, typed)
    return pages.render(
        "campaigns/message.html",
        **context | _seen_by(campaign, typed),
        approved=variants.approved(campaign.account) if campaign.account else [],
        body_of=lambda one: parts.body_text(one.shown.components),
        other=other,
        missing=missing,
        status=status,
    )


def _shown(campaign, typed, problem=""):
    """One message's fields: its variables, what may stand for them, and its header's file."""
    group = variants.named(campaign.account, typed.template_name)
    return {
        "campaign": campaign,
        "typed": typed,
        "group": group,
        "rows": message_forms.rows(typed, group),
        "contact_fields": CONTACT_FIELDS,
        "custom_fields": suggesting.fields(),
        "header_kind": variants.header_kind(group) if group else "",
        "media": typed.media or (group.shown.media if group else None),
        "problem": problem,
        "gaps": {},
    }


def _seen_by(campaign, typed):
    """The phone: the message as the contact at this place of the audience reads it."""
    position = number_of(request.args.get("at", "")) or 0
    one = campaign.variants[typed.number] if typed.number < len(campaign.variants) else None
    return {
        "campaign": campaign,
        "typed": typed,
        "shown": previewing.shown(campaign, one, position),
        "picture": _picture(campaign, one),
        "tally": tallying.known(campaign),
        "now_at": utcnow(),
    }


def _picture(campaign, variant):
    """The address of what stands in the header, if it is a picture we have."""
    if variant is None:
        return ""
    if variant.media:
        place = {"id": campaign.id, "number": variant.position, "key": variant.media["key"]}
        return url_for(".header_picture", **place)
    group = variants.named(campaign.account, variant.template_name)
    sample = group and group.shown.media
    if not sample:
        return ""
    return url_for("message_templates.sample", id=group.shown.id, key=sample["key"])
