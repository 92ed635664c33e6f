"""A header's file as an account's provider holds it: handed over once, renewed before it ends.

Meta keeps an upload for thirty days; where a provider keeps none, it fetches a signed address of
ours, which is the same for all recipients as long as it holds.
"""

from datetime import timedelta
from functools import partial

from sqlalchemy import or_, update

from webapp import media_store
from webapp.accounts.access_points import provider_of
from webapp.campaigns.messages import signed_headers
from webapp.campaigns.messages.models import HeaderUpload
from webapp.columns import utcnow
from webapp.database import insert
from webapp.extensions import db
from webapp.providers.base import OutgoingFile, ProviderError
from webapp.unit_of_work import unit_of_work

UPLOADS = HeaderUpload.__table__
RENEWED_WITH = 0.1  # of its life left
LONGEST = timedelta(minutes=5)  # whoever renews it and is not done by then is dead
AGAIN = timedelta(seconds=10)  # after a refusal that may pass


class NotYet(Exception):
    """Somebody else hands it over just now, or could not: ask again in some seconds."""


def header_for(account, media):
    """The OutgoingFile every recipient's command carries; `media` is {key, mime_type, filename,
    size} of the variant or its template.

    An upload may take minutes, so no unit of work may be open. Raises NotYet, and ProviderError
    where the provider refuses the file.
    """
    provider, now = provider_of(account), utcnow()
    life = provider.keeps_files or signed_headers.LIFETIME
    mine = (account.id, media["key"])
    name = _kept(mine, now + life * RENEWED_WITH)
    if not name and _is_mine_to_renew(mine, now, life * RENEWED_WITH):
        name = _renewed(provider, media, mine, life)
    name = name or _kept(mine, now)
    if not name:
        raise NotYet
    return _file(provider, media, name)


def at_hand(account, media):
    """(The file as it can be sent now or None, whether it is time for `header_for`); no call is
    made for it."""
    provider, now = provider_of(account), utcnow()
    if not provider.keeps_files:
        return header_for(account, media), False
    mine = (account.id, media["key"])
    name = _kept(mine, now)
    fresh = _kept(mine, now + provider.keeps_files * RENEWED_WITH)
    return _file(provider, media, name) if name else None, not fresh


def _kept(mine, until):
    """The name it has now, if that holds until then."""
    row = db.session.get(HeaderUpload, mine, populate_existing=True)
    return row.provider_media_id if row and row.expires_at > until else None


def _is_mine_to_renew(mine, now, early):
    """One conditional statement: of any number of senders one hands it over."""
    account_id, key = mine
    made = insert(UPLOADS).values(
        account_id=account_id,
        storage_key=key,
        provider_media_id="",
        uploaded_at=now,
        expires_at=now,
        renewing_until=now + LONGEST,
    )
    won = made.on_conflict_do_update(
        index_elements=["account_id", "storage_key"],
        set_={"renewing_until": now + LONGEST},
        where=(UPLOADS.c.expires_at <= now + early)
        & or_(UPLOADS.c.renewing_until.is_(None), UPLOADS.c.renewing_until <= now),
    ).returning(UPLOADS.c.account_id)
    with unit_of_work():
        return db.session.scalar(won) is not None


def _renewed(provider, media, mine, life):
    """Its new name; None where a former one may still do."""
    try:
        name = _handed_over(provider, media)
    except ProviderError as error:
        wait = timedelta(seconds=error.retry_after or AGAIN.total_seconds())
        _keep(mine, renewing_until=utcnow() + wait)
        if error.permanent:
            raise
        return None
    now = utcnow()
    _keep(mine, provider_media_id=name, uploaded_at=now, expires_at=now + life, renewing_until=None)
    return name


def _handed_over(provider, media):
    if provider.keeps_files:
        return provider.uploaded(_file(provider, media, "")).media_id
    return signed_headers.address_of(media)


def _keep(mine, **values):
    with unit_of_work():
        which = (UPLOADS.c.account_id == mine[0], UPLOADS.c.storage_key == mine[1])
        db.session.execute(update(UPLOADS).where(*which).values(values))


def _file(provider, media, name):
    uploaded = bool(provider.keeps_files)
    return OutgoingFile(
        open=partial(media_store.open, media["key"]),
        url="" if uploaded else name,
        mime_type=media["mime_type"],
        size=media.get("size") or 0,
        filename=media.get("filename") or "",
        media_id=name if uploaded else "",
    )
