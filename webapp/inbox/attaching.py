"""Files an agent has chosen: looked at, converted where need be, kept until they are sent."""

import hashlib
import io
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from flask import current_app
from sqlalchemy import delete, select

from webapp import media_store
from webapp.accounts.access_points import provider_of
from webapp.aside import aside
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import file_checks, ogg, pictures
from webapp.inbox.file_checks import Taker
from webapp.inbox.file_types import HEAD, safe_name, safe_type
from webapp.inbox.media_models import Attachment
from webapp.providers.base import MessageKind
from webapp.unit_of_work import after_commit, unit_of_work

KEPT = timedelta(hours=24)  # a file that was chosen and never sent
SWEEP_BATCH = 200
CHUNK = 1024 * 1024
NEW_ENDINGS = {pictures.JPEG: "jpg", pictures.PNG: "png"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in: never trusted for what it says of itself."""

    content: BinaryIO
    filename: str
    mime_type: str = ""
    voice: bool = False  # recorded just now, to be heard as a voice message


@dataclass(slots=True)
class Prepared:
    """A file in the store, as its attachment will describe it."""

    kind: str
    mime_type: str
    filename: str
    content: BinaryIO
    size: int = 0
    sha256: str = ""
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    storage_key: str = ""
    thumbnail_key: str | None = None

    @property
    def keys(self):
        return [key for key in (self.storage_key, self.thumbnail_key) if key]


def attach(interaction, user, upload):
    """Keep a file for this conversation; ValueError says why the provider would not take it.

    It opens its own short unit at the end: looking at a file and storing it takes longer than any
    transaction should.
    """
    provider = provider_of(interaction.account)
    taker = Taker(provider.label, dict(provider.can.files))
    interaction_id, user_id = interaction.id, user.id
    db.session.rollback()
    app = current_app._get_current_object()
    prepared = aside(_prepared_in, app, taker, upload)
    try:
        with unit_of_work():
            attachment = _stored(interaction_id, user_id, prepared)
    except BaseException:
        media_store.drop(prepared.keys)
        raise
    return attachment


def discard(attachment):
    """Throw away a file that was not sent."""
    keys = [attachment.storage_key, attachment.thumbnail_key]
    db.session.delete(attachment)
    after_commit(("drop", attachment.id), lambda: media_store.drop(filter(None, keys)))


def sweep(now=None):
    """Throw away what was chosen long ago and never sent; how many."""
    old = (
        select(Attachment.id)
        .where(Attachment.created_at < (now or utcnow()) - KEPT)
        .order_by(Attachment.created_at)
        .limit(SWEEP_BATCH)
    )
    gone = db.session.execute(
        delete(Attachment)
        .where(Attachment.id.in_(db.session.scalars(lock(old, skip_locked=True)).all()))
        .returning(Attachment.storage_key, Attachment.thumbnail_key)
    ).all()
    keys = [key for row in gone for key in row if key]
    after_commit("drop old attachments", lambda: media_store.drop(keys))
    return len(gone)


def _prepared_in(app, taker, upload):
    """In a thread of its own, maybe, so with a context of its own."""
    with app.app_context():
        return prepared(taker, upload)


def prepared(taker, upload):
    """The file as it will leave, in the store."""
    found = _as_it_leaves(taker, upload)
    with found.content:
        found.size, found.sha256 = _measured(found.content)
        file_checks.check_size(taker, found.kind, found.size)
        kept = []
        try:
            found.storage_key = _put(found.content, kept)
            if found.kind in (MessageKind.IMAGE, MessageKind.STICKER):
                _look(found, kept)
        except BaseException:
            media_store.drop(kept)
            raise
    return found


def _as_it_leaves(taker, upload):
    """Its kind and type, and its bytes: converted if only a picture's type or size is wrong."""
    size = upload.content.seek(0, io.SEEK_END)
    upload.content.seek(0)
    if size > file_checks.LARGEST:
        raise ValueError("WhatsApp takes files up to 100 MB. Send a link or a smaller file.")
    name = safe_name(upload.filename)
    if upload.voice:
        return _voice(taker, upload)
    declared = file_checks.type_of(upload.mime_type, name)
    if declared.startswith("image/"):
        form = pictures.form_of(upload.content)
        if form is not None:
            return _picture(taker, upload, name, form, size)
    return _other(taker, upload, name, declared)


def _voice(taker, upload):
    if not ogg.is_opus(upload.content):
        raise ValueError("This recording is damaged. Record it again.")
    file_checks.check_kind(taker, MessageKind.VOICE, "audio/ogg", "")
    found = Prepared(MessageKind.VOICE, ogg.VOICE_TYPE, "", upload.content)
    found.seconds = ogg.seconds_of(upload.content)
    return found


def _picture(taker, upload, name, form, size):
    if _is_sticker(taker, form, size):
        return Prepared(MessageKind.STICKER, form.mime_type, name, upload.content)
    rule = taker.rule(MessageKind.IMAGE)
    if rule is None:
        return _other(taker, upload, name, form.mime_type)
    types = file_checks.types_of(rule) or (pictures.JPEG, pictures.PNG)
    if form.mime_type in types and size <= rule.max_bytes:
        return Prepared(MessageKind.IMAGE, form.mime_type, name, upload.content)
    content, mime_type = pictures.converted(upload.content, types, rule.max_bytes)
    stem = name.rpartition(".")[0] or name or "picture"
    new_name = f"{stem}.{NEW_ENDINGS[mime_type]}"
    return Prepared(MessageKind.IMAGE, mime_type, new_name, content)


def _is_sticker(taker, form, size):
    """WhatsApp's own measure for one: WebP of exactly 512 by 512, and small."""
    return (
        form.mime_type == "image/webp"
        and (form.width, form.height) == (file_checks.STICKER_SIDE,) * 2
        and taker.takes(MessageKind.STICKER, form.mime_type)
        and size <= taker.rule(MessageKind.STICKER).max_bytes
    )


def _other(taker, upload, name, declared):
    """Film and sound where the provider takes this type as such, else a document."""
    mime_type = safe_type(declared, upload.content.read(HEAD))
    upload.content.seek(0)
    family = declared.partition("/")[0]
    kind = MessageKind.DOCUMENT
    if family in ("audio", "video"):
        kind = MessageKind(family)
        if not taker.takes(kind, mime_type) and taker.takes(MessageKind.DOCUMENT, mime_type):
            kind = MessageKind.DOCUMENT
    file_checks.check_kind(taker, kind, mime_type, name)
    found = Prepared(kind, mime_type, name or "file", upload.content)
    if kind == MessageKind.AUDIO and ogg.is_opus(upload.content):
        found.seconds = ogg.seconds_of(upload.content)
    return found


def _measured(content):
    """Size and digest, a piece at a time: a hundred megabytes never stand in memory."""
    content.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := content.read(CHUNK):
        digest.update(piece)
        size += len(piece)
    content.seek(0)
    return size, digest.hexdigest()


def _put(content, kept):
    key = secrets.token_hex(16)
    kept.append(key)
    media_store.put(key, content)
    return key


def _look(found, kept):
    found.content.seek(0)
    picture = pictures.look_at(found.content, found.mime_type)
    if picture is not None:
        found.width, found.height = picture.width, picture.height
        found.thumbnail_key = _put(picture.thumbnail, kept)


def _stored(interaction_id, user_id, found):
    attachment = Attachment(
        interaction_id=interaction_id,
        user_id=user_id,
        kind=found.kind,
        mime_type=found.mime_type,
        filename=found.filename,
        size=found.size,
        sha256=found.sha256,
        width=found.width,
        height=found.height,
        seconds=found.seconds,
        storage_key=found.storage_key,
        thumbnail_key=found.thumbnail_key,
    )
    db.session.add(attachment)
    db.session.flush()
    return attachment
