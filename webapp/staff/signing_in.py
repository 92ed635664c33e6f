"""Passwords, and browsers that are signed in: one row each, ended wherever it is used."""

import hashlib
import secrets
from base64 import b64encode
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import ARGON2_VERSION
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import contains_eager

from webapp.aside import aside
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff import presence
from webapp.staff.models import SignIn, User
from webapp.unit_of_work import is_writing, unit_of_work

SEEN_EVERY = timedelta(minutes=5)
SHORTEST_PASSWORD = 10

_hasher = PasswordHasher()


def _worth_nothing():
    """A hash of no password: as slow to compare as any other, but nothing had to be worked out,
    for which each process would take 64 MB as it begins."""
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    sizes = (_hasher.salt_len, _hasher.hash_len)
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in sizes)
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"


# What an unknown address is compared with, so that it takes as long as a wrong password.
_nobody = _worth_nothing()

# Asked by every request: building it would cost as much again.
_VALID = (
    select(SignIn)
    .join(SignIn.user)
    .options(contains_eager(SignIn.user))
    .where(SignIn.token_hash == bindparam("token_hash"), SignIn.ended_at.is_(None), User.active)
)


def hash_password(password):
    return aside(_hasher.hash, password)


def find_person(email):
    return db.session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))


def check(email, password):
    """The active person with this password, or None; equally slow whatever was wrong."""
    user = find_person(email)
    right = aside(_matches, user.password_hash if user else _nobody, password)
    return user if user is not None and right and user.active else None


def begin(user, user_agent="", address="", now=None):
    """Sign a browser in; gives the secret it carries. An agent who was away is there again."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignIn(
            token_hash=_digest(token),
            user_id=user.id,
            user_agent=user_agent[:255],
            address=address[:64],
        )
    )
    presence.signed_in(user, now)
    return token


def find(token):
    """The sign-in that carries this secret, if neither it nor its person has been ended."""
    return db.session.scalar(_VALID, {"token_hash": _digest(token)})


def note_seen(sign_in, now=None):
    """Every few minutes, in a unit of its own: a page that only reads has none."""
    now = now or utcnow()
    if now - sign_in.seen_at > SEEN_EVERY and not is_writing():
        with unit_of_work():
            sign_in.seen_at = now


def end(sign_in, now=None):
    """Sign this browser out, from wherever."""
    sign_in.ended_at = sign_in.ended_at or now or utcnow()


def end_all(user, but=None, now=None):
    """Sign this person out everywhere, but perhaps in the browser that asks."""
    for sign_in in current(user):
        if but is None or sign_in.id != but.id:
            end(sign_in, now)


def current(user):
    """Where this person is signed in, the last seen first."""
    live = (
        select(SignIn)
        .where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    )
    return db.session.scalars(live).all()


def _digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def _matches(password_hash, password):
    try:
        return _hasher.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
