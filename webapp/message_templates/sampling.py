"""The sample file of a header: looked at as a file an agent sends, then kept."""

from flask import current_app

from webapp import media_store
from webapp.accounts.access_points import provider_of
from webapp.aside import aside
from webapp.extensions import db
from webapp.inbox import attaching
from webapp.inbox.file_checks import Taker
from webapp.message_templates import drafting, writing
from webapp.providers.base import FileRule
from webapp.unit_of_work import unit_of_work

# What Meta's upload of samples takes; fewer than may be sent.
# developers.facebook.com/docs/graph-api/guides/upload
TYPES = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4",),
    "document": ("application/pdf",),
}
WORDS = {"image": "a JPEG or PNG picture", "video": "an MP4 video", "document": "a PDF document"}


def keep(template, upload):
    """It opens its own short unit at the end; ValueError says why the file is not taken."""
    kind = drafting.content_of(template).header_kind
    provider = provider_of(template.account)
    taker = Taker(provider.label, {kind: FileRule(TYPES[kind], provider.can.files[kind].max_bytes)})
    template_id = template.id
    db.session.rollback()
    app = current_app._get_current_object()
    try:
        prepared = aside(_prepared, app, taker, upload)
    except ValueError as error:
        if "MB" in str(error) or "damaged" in str(error):
            raise
        raise ValueError(f"Choose {WORDS[kind]}.") from error
    try:
        with unit_of_work():
            template = db.session.get(type(template), template_id)
            if prepared.kind != kind:
                raise ValueError(f"Choose {WORDS[kind]}.")
            writing.put_sample(template, _media(prepared))
    except BaseException:
        media_store.drop(prepared.keys)
        raise
    return template


def _prepared(app, taker, upload):
    with app.app_context():
        return attaching.prepared(taker, upload)


def _media(prepared):
    return {
        "key": prepared.storage_key,
        "mime_type": prepared.mime_type,
        "filename": prepared.filename,
        "size": prepared.size,
    }
