"""Templates beside a conversation: choosing one, its preview, and sending it."""

import json
import uuid

from flask import Response, abort, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.accounts.access_points import provider_of
from webapp.extensions import db
from webapp.inbox import (
    attaching,
    drafts,
    places,
    sending,
    starting,
    template_content,
    template_views,
)
from webapp.inbox.file_checks import LARGEST, Taker
from webapp.inbox.forms import TemplateForm
from webapp.inbox.models import Interaction
from webapp.inbox.routes import check_owner, once, visible
from webapp.inbox.sending_routes import ROOM, bp
from webapp.message_templates.models import MessageTemplate, waba_of
from webapp.queues import accepting
from webapp.staff import access
from webapp.unit_of_work import unit_of_work

REFUSALS = (ValueError, sending.Refused, starting.Elsewhere, accepting.Refused)


@bp.url_value_preprocessor
def room_for_header_files(endpoint, values):
    if endpoint in ("inbox.send_template", "inbox.begin"):
        request.max_content_length = LARGEST + ROOM


@bp.get("/inbox/<int:id>/templates")
@access.needs()
def templates(id):
    """The picker, or only its list where somebody searches in it."""
    shown, query = visible(id), request.args.get("q", "").strip()
    found = template_views.picker(shown.account, shown.contact, current_user, query)
    page = "inbox/_template_list.html" if "q" in request.args else "inbox/_templates.html"
    return pages.render(page, **found, **_urls(shown), draft=_draft(shown))


@bp.get("/inbox/<int:id>/templates/<int:template_id>")
@access.needs()
def template(id, template_id):
    """One template to be filled in; with values, its preview alone."""
    shown = visible(id)
    return side_of(shown.account, shown.contact, template_id, **_urls(shown), draft=_draft(shown))


@bp.post("/inbox/<int:id>/template")
@access.needs()
def send_template(id):
    shown, form = visible(id), TemplateForm()
    if not form.validate():
        return said("Something was missing. Try again.", 422, shown)
    try:
        file = header_file(shown.account, form.template.data)
        went_on = once(lambda: _sent(db.session.get(Interaction, id), form, file))
    except REFUSALS as error:
        return said(sentence_of(error), 409, shown)
    if went_on == id:
        return _toast("Template sent", url_for(".interaction", id=id))
    return opened(went_on)


@bp.post("/inbox/<int:id>/continue", endpoint="continue")
@access.needs()
def go_on(id):
    """Write on from a conversation that has ended, while the customer's window is still open."""
    shown = visible(id)
    try:
        with unit_of_work():
            went_on = starting.recontact(shown, current_user).id
    except REFUSALS as error:
        return said(sentence_of(error), 409, shown)
    return opened(went_on)


def side_of(account, contact, template_id, **context):
    found = template_of(account, template_id)
    given = request.args if "preview" in request.args else None
    side = template_views.side(found, account, contact, current_user, given)
    page = "inbox/_template_side.html" if given is None else "inbox/_template_preview.html"
    return pages.render(
        page, side=side, again=given is not None, client_key=uuid.uuid4().hex, **context
    )


def template_of(account, template_id):
    """404 for one of another account."""
    found = db.get_or_404(MessageTemplate, template_id)
    if (found.provider, found.waba_id) != (account.provider, waba_of(account)):
        abort(404)
    return found


def header_file(account, template_id):
    """The file chosen for the template's header, looked at and stored; None where none was."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return None
    provider = provider_of(account)
    taker = Taker(provider.label, dict(provider.can.files))
    db.session.rollback()  # no transaction waits while a file is looked at
    return attaching.prepared(
        taker, attaching.Upload(upload.stream, upload.filename, upload.mimetype or "")
    )


def send_in(interaction, form, file):
    found = template_of(interaction.account, form.template.data)
    place = _place(form.where.data)
    values = template_views.values_of(found, request.form)
    template_content.check_file(found, file)
    return sending.send_template(
        interaction, current_user, found, values, form.client_key.data, file, place
    )


def sentence_of(error):
    return error.refusal.sentence if isinstance(error, sending.Refused) else str(error)


def said(sentence, status, shown=None):
    """A sentence beside the button; without a script, on the page where the person was."""
    if pages.is_partial():
        return Response(sentence, status, content_type="text/plain; charset=utf-8")
    flash(sentence, "error")
    return pages.see_other(url_for(".interaction", id=shown.id) if shown else url_for(".new"))


def opened(id):
    """The conversation that was begun takes the place of the one on the screen."""
    url = url_for(".interaction", id=id)
    if not pages.is_partial():
        return pages.see_other(url)
    if request.headers.get("HX-Current-URL", "").partition("?")[0].endswith("/inbox/new"):
        return Response(status=204, headers={"HX-Redirect": url})
    place = {"path": url, "target": "#conversation", "swap": "outerHTML"}
    return Response(status=204, headers={"HX-Location": json.dumps(place)})


def _sent(shown, form, file):
    with unit_of_work():
        talk = shown
        if shown.is_closed():
            talk = starting.recontact(shown, current_user)
        else:
            check_owner(shown)
        send_in(talk, form, file)
        if form.drop_draft.data:
            drafts.remove(shown, current_user, "reply")
        return talk.id


def _place(text):
    text = (text or "").strip()
    if not text:
        return None
    found = places.place_in(text)
    if found is None:
        raise ValueError("No coordinates stand in this. Paste a map link, or 41.1579, -8.6291.")
    return {"latitude": found[0], "longitude": found[1]}


def _urls(shown):
    return {
        "action": url_for(".send_template", id=shown.id),
        "list_url": url_for(".templates", id=shown.id),
        "side_url": lambda template_id: url_for(".template", id=shown.id, template_id=template_id),
        "name": shown.contact.display_name,
    }


def _draft(shown):
    found = drafts.of(shown, current_user).get("reply")
    return found.text if found else ""


def _toast(sentence, url):
    if pages.is_partial():
        return Response(status=204, headers={"HX-Trigger": json.dumps({"toast": sentence})})
    return pages.see_other(url)
