"""Fetches what customers send, after its message is visible, as long as the provider keeps it."""

import logging
import secrets
from datetime import timedelta

from sqlalchemy import select, update

from webapp import jobs, media_store
from webapp.accounts.access_points import provider_then
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import ogg, pictures, summary, vcards
from webapp.inbox.file_types import HEAD, safe_type
from webapp.inbox.media_models import Media, MediaState
from webapp.live import push
from webapp.providers.base import MediaRef, MessageKind, ProviderError
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

KEPT_BY_PROVIDER = timedelta(days=7)  # Meta deletes inbound media after that
LEASE = timedelta(minutes=5)  # the job's own limit is four
BACK_OFF = (5, 30, 120, 600, 1800, 3600, 10_800)
DUE_BATCH = 100


def fetch(media_id):
    """Claim and commit, download with no transaction open, record and commit."""
    claimed = _claim(media_id)
    if claimed is None:
        return
    provider, ref = claimed
    kept = []
    try:
        cards, found = _keep(provider, ref, kept)
    except ProviderError as error:
        media_store.drop(kept)
        _postpone(media_id, error.reason, error.permanent, error.retry_after)
    except Exception as error:  # the store away, the disk full: it stays to be fetched
        log.exception("media %s not kept", media_id)
        media_store.drop(kept)
        _postpone(media_id, f"The file could not be kept ({type(error).__name__}).")
    else:
        if not _record(media_id, found, cards):
            media_store.drop(kept)


def fetch_again(media):
    """A person asks once more for a file that could not be fetched."""
    if media.state != MediaState.FAILED:
        return
    media.state = MediaState.PENDING
    media.attempt_count = 0
    media.created_at = utcnow()  # a person's wish starts the days of trying anew
    media.next_attempt_at = utcnow()
    media.error = None
    _show(media)
    jobs.hint("workers.inbound.fetch_media", media.id)


def due(limit=DUE_BATCH):
    """Ids of files whose turn it is: what no job picked up."""
    return db.session.scalars(
        select(Media.id)
        .where(Media.state == MediaState.PENDING, Media.next_attempt_at <= utcnow())
        .order_by(Media.next_attempt_at)
        .limit(limit)
    ).all()


def _claim(media_id):
    """The provider and what to ask it for; None if another job has it, or it is not due."""
    now = utcnow()
    with unit_of_work():
        won = db.session.scalar(
            update(Media)
            .where(
                Media.id == media_id,
                Media.state == MediaState.PENDING,
                Media.next_attempt_at <= now,
            )
            .values(next_attempt_at=now + LEASE, attempt_count=Media.attempt_count + 1)
            .returning(Media.id)
            .execution_options(synchronize_session=False)
        )
        if won is None:
            return None
        media = db.session.get(Media, media_id, populate_existing=True)
        ref = MediaRef(
            media.provider_media_id,
            media.mime_type,
            media.sha256 or "",
            media.filename,
            media.url or "",
        )
        message = media.message
        return provider_then(message.account, message.received_at), ref


def _keep(provider, ref, kept):
    """Download and store; `kept` collects the keys, so that an error leaves no stray file."""
    fetched = provider.fetch_media(ref)
    with fetched.content as content:
        if fetched.matches is False:
            raise ProviderError("The file arrived damaged.", permanent=False)
        mime_type = safe_type(fetched.mime_type or ref.mime_type, content.read(HEAD))
        content.seek(0)
        picture = pictures.look_at(content, mime_type)
        cards = vcards.cards_in(content.read()) if _is_card(mime_type, fetched.size) else []
        content.seek(0)
        return cards, {
            "storage_key": _put(content, kept),
            "thumbnail_key": _put(picture.thumbnail, kept) if picture else None,
            "width": picture.width if picture else None,
            "height": picture.height if picture else None,
            "mime_type": mime_type,
            "seconds": ogg.seconds_of(content) if mime_type.startswith("audio/") else None,
            "size": fetched.size,
            "sha256": fetched.sha256,
        }


def _is_card(mime_type, size):
    return mime_type in vcards.TYPES and size <= vcards.LARGEST


def _put(content, kept):
    key = secrets.token_hex(16)
    kept.append(key)
    media_store.put(key, content)
    return key


def _record(media_id, found, cards):
    """The file is there to be seen; False if another job was first."""
    with unit_of_work():
        media = _pending(media_id)
        if media is None:
            return False
        for name, value in found.items():
            setattr(media, name, value)
        media.state, media.error, media.next_attempt_at = MediaState.READY, None, None
        if cards:
            _read_as_cards(media.message, cards)
        summary.note_file(media.message)
        _show(media)
        return True


def _read_as_cards(message, cards):
    """A shared contact that came as a file is shown like one that came as fields."""
    message.kind = MessageKind.CONTACTS
    message.content = {**(message.content or {}), "contacts": cards}
    message.text = message.text or ", ".join(card["name"] for card in cards)


def _postpone(media_id, reason, permanent=False, retry_after=None):
    now = utcnow()
    with unit_of_work():
        media = _pending(media_id)
        if media is None:
            return
        wait = retry_after or BACK_OFF[min(media.attempt_count, len(BACK_OFF)) - 1]
        wait = min(wait, KEPT_BY_PROVIDER.total_seconds())
        media.error = reason
        media.next_attempt_at = now + timedelta(seconds=wait)
        if permanent or media.next_attempt_at > media.created_at + KEPT_BY_PROVIDER:
            media.state, media.next_attempt_at = MediaState.FAILED, None
        _show(media)


def _pending(media_id):
    return db.session.scalar(
        lock(select(Media).where(Media.id == media_id, Media.state == MediaState.PENDING))
    )


def _show(media):
    """The bubble's placeholder becomes the file, or says why there is none."""
    interaction_id = media.message.interaction_id
    if interaction_id:
        push.changed(f"interaction:{interaction_id}", ids=[media.message_id])
