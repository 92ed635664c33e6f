"""Access tokens, one for each access key in this process: a provider is made anew for each job."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

EARLY = 60  # seconds before its end a token is no longer used


@dataclass
class _Held:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = ""
    until: float = 0.0


class Tokens:
    """One thread asks for a key's token, others wait for it; keys do not wait for each other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[tuple, _Held] = {}

    def get(self, key: tuple[str, ...], ask: Callable[[], tuple[str, float]]) -> str:
        """`ask()` answers with a token and the seconds it lives; what it raises goes through."""
        held = self._of(key)
        with held.lock:
            if not held.token or self._clock() >= held.until:
                held.token, lives = ask()
                held.until = self._clock() + lives - EARLY
            return held.token

    def drop(self, key: tuple[str, ...], token: str | None = None) -> None:
        """The API refused this token; another thread may have brought a newer one since."""
        held = self._of(key)
        with held.lock:
            if token in (None, held.token):
                held.token = ""

    def _of(self, key):
        # A changed secret is another key; none is kept in memory as it is.
        place = tuple(hashlib.sha256(part.encode("utf-8", "replace")).digest() for part in key)
        with self._lock:
            return self._held.setdefault(place, _Held())


TOKENS = Tokens()
