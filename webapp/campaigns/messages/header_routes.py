"""A campaign's header, as a provider that takes no upload fetches it."""

from flask import Blueprint, abort, send_file

from webapp import media_store, security
from webapp.campaigns.messages import signed_headers
from webapp.staff import access

# Below /files: proxies leave those addresses alone.
bp = Blueprint("campaign_headers", __name__, url_prefix="/files/headers")


@bp.get("/<token>")
@bp.get("/<token>/<name>")
@access.public
@access.outbound
def signed_header(token, name=""):
    key, mime_type = signed_headers.file_in(token) or abort(404)
    try:
        content = media_store.open(key)
    except media_store.NotThere:
        abort(404)
    return security.for_a_provider(send_file(content, mimetype=mime_type))
