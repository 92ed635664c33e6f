"""Slows down whoever guesses passwords: tries are counted by address and by e-mail."""

import hashlib
import logging
import time

from limits import parse
from limits.errors import StorageError
from redis.exceptions import RedisError

from webapp.extensions import limiter

log = logging.getLogger(__name__)

BY_ADDRESS = parse("60 per 10 minutes")
BY_EMAIL = parse("10 per 10 minutes")


class TooManyTries(Exception):
    """How many seconds until the next try is allowed."""

    def __init__(self, seconds):
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


def begin(address, email):
    """Count a try before the password is looked at, so that a burst of guesses is cut as well."""
    try:
        for limit, key in _keys(address, email):
            if not limiter.limiter.hit(limit, key):
                raise TooManyTries(_seconds_left(limit, key))
    except (RedisError, StorageError) as error:
        log.warning("sign-in not throttled: %s", error)


def forgive(address, email):
    """The password was right: this try counts for nothing, the e-mail starts afresh."""
    try:
        by_address, by_email = _keys(address, email)
        limiter.limiter.hit(*by_address, cost=-1)
        limiter.limiter.clear(*by_email)
    except (RedisError, StorageError) as error:
        log.warning("sign-in still counted: %s", error)


def tries_left(email):
    try:
        return limiter.limiter.get_window_stats(BY_EMAIL, _email_key(email)).remaining
    except (RedisError, StorageError):
        return BY_EMAIL.amount


def _keys(address, email):
    return ((BY_ADDRESS, f"sign-in:address:{address}"), (BY_EMAIL, _email_key(email)))


def _email_key(email):
    # A digest: whatever is typed into the field, the key stays short and says nothing.
    digest = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
    return f"sign-in:email:{digest}"


def _seconds_left(limit, key):
    return max(1, round(limiter.limiter.get_window_stats(limit, key).reset_time - time.time()))
