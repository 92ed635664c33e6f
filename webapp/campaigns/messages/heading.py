"""The file a campaign's message begins with: looked at as one an agent sends, then kept."""

from flask import current_app
from sqlalchemy import select

from webapp import media_store
from webapp.accounts.access_points import provider_of
from webapp.aside import aside
from webapp.campaigns.messages import variants
from webapp.campaigns.models import Campaign, CampaignVariant
from webapp.campaigns.wizard import drafting
from webapp.extensions import db
from webapp.inbox import attaching
from webapp.inbox.file_checks import Taker
from webapp.unit_of_work import after_commit, unit_of_work

WORDS = {"image": "a picture", "video": "a video", "document": "a document"}


def keep(campaign, number, upload, by):
    """Put this file before the message; it opens its own short unit at the end.

    A picture that is too large is made smaller. ValueError says why a file is not taken.
    """
    variant = campaign.variants[number] if number < len(campaign.variants) else None
    group = variants.named(campaign.account, variant.template_name) if variant else None
    kind = variants.header_kind(group) if group else ""
    if not kind:
        raise ValueError("This template begins with no file.")
    provider = provider_of(campaign.account)
    taker = Taker(provider.label, {kind: provider.can.files[kind]})
    id = campaign.id
    db.session.rollback()
    prepared = aside(_prepared, current_app._get_current_object(), taker, upload)
    try:
        if prepared.kind != kind:
            raise ValueError(f"Choose {WORDS[kind]}: the template begins with one.")
        with unit_of_work():
            _put(db.session.get(Campaign, id), number, _media(prepared), by)
    except BaseException:
        media_store.drop(prepared.keys)
        raise
    media_store.drop([prepared.thumbnail_key] if prepared.thumbnail_key else [])


def _prepared(app, taker, upload):
    with app.app_context():
        return attaching.prepared(taker, upload)


def _put(campaign, number, media, by):
    wanted = drafting.facts(campaign, drafting.MESSAGE)
    former = wanted["variants"][number]["media"]
    wanted["variants"][number] = wanted["variants"][number] | {"media": media}
    drafting.save(campaign, drafting.MESSAGE, wanted, by)
    if former:
        _forget(former["key"])


def _forget(key):
    """Copies of a campaign share their file: it goes with the last of them."""
    used = db.session.scalars(select(CampaignVariant.media))
    if key not in {media["key"] for media in used if media}:
        after_commit(("drop", key), lambda: media_store.drop([key]))


def _media(prepared):
    return {
        "key": prepared.storage_key,
        "mime_type": prepared.mime_type,
        "filename": prepared.filename,
        "size": prepared.size,
        "width": prepared.width,
        "height": prepared.height,
    }
