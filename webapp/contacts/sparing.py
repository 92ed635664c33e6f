"""Who had asked us to stop is left in peace when they come back after their data was erased.

Of such a person a keyed hash of each number and user id is kept and nothing else: it tells nobody
who they were, only, once the same number is here again, that they had opted out.
"""

import hashlib
import hmac
import uuid

from flask import current_app
from sqlalchemy import delete, exists, select

from webapp.columns import utcnow
from webapp.contacts import consenting
from webapp.contacts.models import Consent, Contact, ContactIdentity, ErasedOptOut
from webapp.database import insert
from webapp.extensions import db

WORDS = "Asked before their data was erased"
CHUNK = 500


def remember(contact, identities):
    """As this contact stands now, before it is erased: only an opt-out outlives it."""
    digests = {_digest(identity.match_key) for identity in identities}
    _drop(digests)  # of an erasure before this one; since then they may have agreed again
    if contact.consent != Consent.OUT or not digests:
        return
    said = {"person": uuid.uuid4().hex, "at": contact.opted_out_at or utcnow()}
    db.session.execute(
        insert(ErasedOptOut.__table__).on_conflict_do_nothing(index_elements=["digest"]),
        [{"digest": digest, **said} for digest in sorted(digests)],
    )


def obey(match_keys, at=None):
    """Whoever has these keys now opts out as they had before; once, so they may agree again.

    `at` dates it anew where something said meanwhile must not outweigh it: a file's column.
    """
    if not db.session.scalar(select(exists().select_from(ErasedOptOut))):
        return
    for contact_id, rows in sorted(_returned(match_keys).items()):
        contact = db.session.get(Contact, contact_id, populate_existing=True)
        said_at = at or max(row.at for row in rows)
        consenting.record(contact, False, "kept", words=WORDS, at=said_at, by="Erasure")
        _drop([row.digest for row in rows])


def _returned(match_keys):
    """{contact id: what is remembered of whom they were}"""
    keys = {_digest(key): key for key in match_keys}
    found = {}
    for row in _remembered(list(keys)):
        holder = select(ContactIdentity.contact_id).where(
            ContactIdentity.match_key == keys[row.digest]
        )
        if contact_id := db.session.scalar(holder):
            found.setdefault(contact_id, []).append(row)
    return found


def _remembered(digests):
    rows = []
    for start in range(0, len(digests), CHUNK):
        some = ErasedOptOut.digest.in_(digests[start : start + CHUNK])
        rows += db.session.scalars(select(ErasedOptOut).where(some))
    return rows


def _drop(digests):
    """With whatever else is remembered of the same people."""
    people = select(ErasedOptOut.person).where(ErasedOptOut.digest.in_(digests))
    db.session.execute(
        delete(ErasedOptOut)
        .where(ErasedOptOut.person.in_(people))
        .execution_options(synchronize_session=False)
    )


def _digest(match_key):
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, f"erased opt-out:{match_key}".encode(), hashlib.sha256).hexdigest()
