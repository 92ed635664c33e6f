"""What rows and files lose when a person is forgotten; `erasing_steps` finds them."""

from sqlalchemy import delete, select, update

from webapp import media_store
from webapp.campaigns.models import CampaignVariant
from webapp.contacts import traces
from webapp.extensions import db
from webapp.inbox.media_models import Media, MediaState
from webapp.inbox.models import Attempt, Message, MessageStatus, Receipt
from webapp.message_templates.models import MessageTemplate
from webapp.unit_of_work import after_commit
from webapp.webhooks.models import WebhookPayload

NOBODY = "Erased contact"
RULES = ("Opt-out words", "Opt-out button")  # no people, for all the space in their names


def messages(rows, sure):
    """Their words, files, calls and receipts, and the payloads that brought them."""
    ids = [row.id for row in rows]
    _forget_payloads(sure, rows, ids)
    _forget_calls(ids)
    _forget_files(ids)
    for row in rows:
        _empty(row)


def cut(payload, found):
    """A payload without what is about the person; whether it held anything."""
    left = traces.cut(payload.body, payload.content_type, found)
    if left is not None:
        payload.body = left
    if found.search(payload.query or ""):
        payload.query, left = "", payload.body
    for name in ("error", "note"):
        if getattr(payload, name) and found.search(getattr(payload, name)):
            setattr(payload, name, traces.GONE)
    return left is not None


def keep_a_hash(entry):
    """The row says that something was changed, by whom and when; what it was, only as a hash."""
    held = {"before": entry.before, "after": entry.after, "note": entry.note}
    if any(held.values()):
        entry.before, entry.note = None, ""
        entry.after = {"sha256": traces.hashed(held)}
    if entry.actor_id is None and " " in entry.actor and entry.actor not in RULES:
        entry.actor = NOBODY


def drop_files(*keys):
    """After the commit: a row may come back, a file can't."""
    keys = [key for key in keys if key]
    if keys:
        after_commit(("drop", *keys), lambda: media_store.drop(keys))


def _empty(message):
    message.text, message.content, message.error, message.error_action = "", None, None, None
    message.provider_id = message.reply_to = message.target_provider_id = None
    message.look_up_at = message.retry_at = None
    if message.status in (MessageStatus.QUEUED, MessageStatus.SENDING):
        message.status = MessageStatus.FAILED  # nothing of theirs leaves any more


def _forget_payloads(sure, rows, ids):
    of_receipts = db.session.execute(
        select(Receipt.payload_id, Receipt.provider_id).where(Receipt.message_id.in_(ids))
    ).all()
    payload_ids = {row.payload_id for row in (*rows, *of_receipts)} - {None}
    names = {row.provider_id for row in (*rows, *of_receipts)} - {None}
    if payload_ids:
        found = traces.pattern([*sure, *names])
        for payload in db.session.scalars(
            select(WebhookPayload).where(WebhookPayload.id.in_(payload_ids))
        ):
            cut(payload, found)


def _forget_calls(ids):
    db.session.execute(delete(Receipt).where(Receipt.message_id.in_(ids)))
    db.session.execute(
        update(Attempt)
        .where(Attempt.message_id.in_(ids))
        .values(exchanges=None, provider_id=None, error=None)
    )


def _forget_files(ids):
    shared = _shared_files(ids)
    for media in db.session.scalars(select(Media).where(Media.message_id.in_(ids))):
        if media.storage_key not in shared:
            drop_files(media.storage_key, media.thumbnail_key)
        media.storage_key = media.thumbnail_key = media.url = media.sha256 = None
        media.provider_media_id = media.filename = ""
        media.state, media.next_attempt_at, media.error = MediaState.FAILED, None, "Erased"


def _shared_files(ids):
    """What a template or a campaign shows to everybody is nobody's own."""
    rows = db.session.execute(
        select(MessageTemplate.media, CampaignVariant.media)
        .select_from(Message)
        .outerjoin(MessageTemplate, MessageTemplate.id == Message.template_id)
        .outerjoin(CampaignVariant, CampaignVariant.campaign_id == Message.campaign_id)
        .where(Message.id.in_(ids), Message.template_id.is_not(None))
    )
    return {media["key"] for row in rows for media in row if media and media.get("key")}
