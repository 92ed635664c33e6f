"""A header's sample file: as the preview shows it, and as a provider fetches it."""

from flask import abort, send_file

from webapp import media_store, security
from webapp.extensions import db
from webapp.message_templates import drafting, signed_samples
from webapp.message_templates.models import MessageTemplate
from webapp.message_templates.routes import bp
from webapp.staff import access

PICTURES = ("image/jpeg", "image/png")


@bp.get("/<int:id>/sample")
@access.needs(*access.LEADERS)
@access.outbound
def sample(id):
    """The header's picture, for the preview."""
    media = drafting.media_of(db.get_or_404(MessageTemplate, id))
    if not media or media["mime_type"] not in PICTURES:
        abort(404)
    return send_file(_opened(media), mimetype=media["mime_type"], max_age=300)


@bp.get("/samples/<token>")
@bp.get("/samples/<token>/<name>")
@access.public
@access.outbound
def signed_sample(token, name=""):
    """For a provider that takes no upload: one file, for as long as a review may last."""
    template_id, key = signed_samples.sample_in(token) or abort(404)
    template = db.get_or_404(MessageTemplate, template_id)
    media = next((one for one in _files_of(template) if one["key"] == key), None) or abort(404)
    return security.for_a_provider(send_file(_opened(media), mimetype=media["mime_type"]))


def _files_of(template):
    return filter(None, (template.media, (template.draft or {}).get("media")))


def _opened(media):
    try:
        return media_store.open(media["key"])
    except media_store.NotThere:
        abort(404)
