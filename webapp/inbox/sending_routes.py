"""What an agent sends beside text: files, places, contacts and reactions."""

import io

from flask import Response, abort, flash, request, send_file, url_for
from flask_login import current_user

from webapp import media_store, pages
from webapp.extensions import db
from webapp.inbox import attaching, cards, pictures, places, sending, thread
from webapp.inbox.file_checks import LARGEST
from webapp.inbox.forms import ContactForm, FileForm, LocationForm, ReactionForm
from webapp.inbox.media_models import Attachment
from webapp.inbox.media_routes import bp, private
from webapp.inbox.models import Interaction, Message
from webapp.inbox.routes import check_owner, message_of, once, rights, visible
from webapp.staff import access
from webapp.unit_of_work import unit_of_work

ROOM = 64 * 1024  # what a form with a file says beside the file


@bp.url_value_preprocessor
def room_for_files(endpoint, values):
    # Before the check of the form's token, which reads the form.
    if endpoint == "inbox.attach":
        request.max_content_length = LARGEST + ROOM


@bp.post("/inbox/<int:id>/attach")
@access.needs()
def attach(id):
    shown, file = visible(id), request.files.get("file")
    check_owner(shown)
    if file is None:
        return _said("Choose a file first.", 422, shown)
    given = file.stream.seek(0, io.SEEK_END)
    upload = attaching.Upload(
        file.stream, file.filename or "", file.mimetype or "", "voice" in request.form
    )
    try:
        attachment = attaching.attach(shown, current_user._get_current_object(), upload)
    except ValueError as error:
        return _said(str(error), 422, shown)
    return pages.render("inbox/_attachment.html", status=201, attachment=attachment, given=given)


@bp.get("/inbox/attachments/<int:id>/thumbnail")
@access.needs()
def attachment_thumbnail(id):
    found = db.session.get(Attachment, id)
    if found is None:
        return Response(status=204)  # sent meanwhile, while its dialog was still drawing it
    if found.user_id != current_user.id or not found.thumbnail_key:
        abort(404)
    content = media_store.open(found.thumbnail_key)
    return private(send_file(content, mimetype=pictures.THUMBNAIL_TYPE))


@bp.post("/inbox/attachments/<int:id>/discard")
@access.needs()
def discard(id):
    _mine(id)
    with unit_of_work():
        attaching.discard(db.session.get(Attachment, id))
    return Response(status=204)


@bp.post("/inbox/<int:id>/file")
@access.needs()
def file(id):
    shown, form = visible(id), FileForm()

    def store(quoted):
        attachment = db.session.get(Attachment, form.attachment.data)
        if attachment is not None and not _is_mine(attachment, shown):
            attachment = None
        return sending.write_file(
            shown, current_user, attachment, form.caption.data, form.client_key.data, quoted
        )

    return _sent(shown, form, store)


@bp.post("/inbox/<int:id>/location")
@access.needs()
def location(id):
    shown, form = visible(id), LocationForm()

    def store(quoted):
        found = places.place_in(form.where.data)
        if found is None:
            raise ValueError("No coordinates stand in this. Paste a map link, or 41.1579, -8.6291.")
        place = {
            "latitude": found[0],
            "longitude": found[1],
            "name": (form.name.data or "").strip(),
            "address": (form.address.data or "").strip(),
        }
        return sending.send_location(shown, current_user, place, form.client_key.data, quoted)

    return _sent(shown, form, store)


@bp.get("/inbox/<int:id>/cards")
@access.needs()
def contact_cards(id):
    """Customers whose card could be shared, by name or number."""
    shown = visible(id)
    found = cards.find(current_user, request.args.get("q", ""))
    return pages.render("inbox/_cards.html", interaction=shown, contacts=found)


@bp.post("/inbox/<int:id>/contacts")
@access.needs()
def contacts(id):
    shown, form = visible(id), ContactForm()

    def store(quoted):
        card = cards.card(form.name.data or "", form.phone.data or "", form.organization.data or "")
        return sending.send_contacts(shown, current_user, [card], form.client_key.data, quoted)

    return _sent(shown, form, store)


@bp.post("/inbox/messages/<int:id>/react")
@access.needs()
def react(id):
    target = db.get_or_404(Message, id)
    shown, form = visible(target.interaction_id), ReactionForm()

    def store(_quoted):
        message = db.session.get(Message, id)
        emoji = form.emoji.data or ""
        sending.react(_open_one(message), current_user, message, emoji, form.client_key.data)
        return message

    return _sent(shown, form, store)


@bp.post("/inbox/messages/<int:id>/retry")
@access.needs()
def retry(id):
    failed = db.get_or_404(Message, id)
    shown = visible(failed.interaction_id)
    try:
        again = once(lambda: _stored_again(shown, failed))
    except ValueError as error:
        return _said(str(error), 409, shown)
    except sending.Refused as error:
        return _said(f"{error.refusal.reason} {error.refusal.action}".strip(), 409, shown)
    return _bubbles(shown, failed, again)


def _stored_again(shown, failed):
    with unit_of_work():
        check_owner(shown)
        return sending.retry(failed, current_user)


def _sent(shown, form, store):
    """The bubble; or in one sentence why there is none."""
    if not form.validate():
        return _said("Something was missing. Try again.", 422, shown)
    try:
        stored = once(lambda: _stored(shown, form, store))
    except ValueError as error:
        return _said(str(error), 422, shown)
    except sending.Refused as error:
        return _said(f"{error.refusal.reason} {error.refusal.action}".strip(), 409, shown)
    return _bubbles(shown, stored)


def _bubbles(shown, *messages):
    if not pages.is_partial():
        return pages.see_other(url_for(".interaction", id=shown.id))
    found = thread.Page([thread.bubble(message) for message in messages])
    return pages.render("inbox/_items.html", interaction=shown, page=found, **rights(shown))


def _said(sentence, status, shown):
    """A sentence for the script that asked; without one, on the page where the person was."""
    if pages.is_partial():
        return Response(sentence, status, content_type="text/plain; charset=utf-8")
    flash(sentence, "error")
    return pages.see_other(url_for(".interaction", id=shown.id))


def _stored(shown, form, store):
    with unit_of_work():
        check_owner(shown)
        answered = getattr(form, "reply_to", None)
        quoted = message_of(shown, answered.data) if answered and answered.data else None
        return store(quoted.provider_id if quoted else None)


def _open_one(message):
    return db.session.get(Interaction, message.interaction_id)


def _mine(id):
    found = db.get_or_404(Attachment, id)
    if found.user_id != current_user.id:
        abort(404)
    return found


def _is_mine(attachment, shown):
    return (attachment.user_id, attachment.interaction_id) == (current_user.id, shown.id)
