"""Files customers sent, to those who may see the conversation."""

import io

from flask import abort, request, send_file, url_for
from flask_login import current_user
from sqlalchemy import select

from webapp import media_store, pages, security
from webapp.extensions import db
from webapp.inbox import media, pictures, signed_files
from webapp.inbox.media_models import Media, MediaState
from webapp.inbox.models import Interaction
from webapp.inbox.routes import bp
from webapp.staff import access
from webapp.unit_of_work import unit_of_work

# What a browser may show inside our origin; everything else is handed over to be kept.
INLINE = {
    "image/jpeg", "image/png", "image/webp", "image/gif",
    "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus", "audio/webm",
    "video/mp4", "video/3gpp", "video/webm",
}  # fmt: skip


@bp.get("/media/<int:id>", endpoint="media")
@access.needs()
def file(id):
    found = _ready(id)
    mime_type = found.mime_type.partition(";")[0].strip().lower()
    safe = mime_type in INLINE
    response = _served(
        found.storage_key,
        mimetype=mime_type if safe else "application/octet-stream",
        as_attachment=not safe or "download" in request.args,
        download_name=file_name(found),
    )
    return private(response)


@bp.get("/media/<int:id>/thumbnail")
@access.needs()
def thumbnail(id):
    found = _ready(id)
    if not found.thumbnail_key:
        return pages.see_other(url_for(".media", id=id))
    return private(send_file(_opened(found.thumbnail_key), mimetype=pictures.THUMBNAIL_TYPE))


@bp.post("/media/<int:id>/fetch")
@access.needs()
def media_retry(id):
    found = _visible(id)
    message_id, interaction_id = found.message_id, found.message.interaction_id
    with unit_of_work():
        media.fetch_again(db.session.get(Media, id))
    if interaction_id is None:
        return pages.see_other(url_for(".index"))
    return pages.see_other(url_for(".message", id=interaction_id, message_id=message_id))


@bp.get("/files/<token>")
@bp.get("/files/<token>/<name>")
@access.public
def signed_file(token, name=""):
    """For the provider that was given this address with a message: one file, for some hours."""
    found = db.session.get(Media, signed_files.media_id_in(token) or 0)
    if found is None or found.state != MediaState.READY or not found.storage_key:
        abort(404)
    response = _served(found.storage_key, mimetype=found.mime_type, download_name=file_name(found))
    return security.for_a_provider(response)


def file_name(found):
    """The customer's own name for it, without any path: only its last part may name a file."""
    name = found.filename.replace("\\", "/").rpartition("/")[2].strip(". ")
    return name or f"{found.message.kind}-{found.id}"


def _ready(id):
    found = _visible(id)
    if found.state != MediaState.READY or not found.storage_key:
        abort(404)
    return found


def _served(key, **options):
    """The file with its length, and in parts where they are asked for: players jump by those."""
    content = _opened(key)
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    response = send_file(content, **options)
    response.content_length = size
    return response.make_conditional(request, accept_ranges=True, complete_length=size)


def _opened(key):
    try:
        return media_store.open(key)
    except media_store.NotThere:
        abort(404)


def _visible(id):
    """Whoever may see a conversation with this customer on this account sees its files."""
    found = db.get_or_404(Media, id)
    message = found.message
    theirs = select(Interaction.id).where(
        Interaction.account_id == message.account_id,
        Interaction.contact_id == message.contact_id,
        access.visible_interactions(current_user),
    )
    if db.session.scalar(theirs.limit(1)) is None:
        abort(404)
    return found


def private(response):
    """Kept by this browser only, and never run: not even as a page of its own."""
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
