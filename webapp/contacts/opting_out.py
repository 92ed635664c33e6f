"""Obeys customers who write STOP, or START again: in the words an admin may change."""

import time
from dataclasses import dataclass, field

from webapp.contacts import consenting, stop_words, telling
from webapp.contacts.models import Consent
from webapp.extensions import db
from webapp.providers.base import MessageKind
from webapp.settings import values
from webapp.settings.models import Setting

SETTING = "opt_out_words"
FRESH_SECONDS = 10  # how long a process may go by what it read
SAID = {False: "Asked to stop marketing", True: "Agreed to marketing again"}
LONGEST_REPLY = 1024
BUTTONS = (MessageKind.BUTTON, MessageKind.BUTTON_REPLY)


@dataclass(frozen=True, slots=True)
class Words:
    stop: tuple[str, ...]
    start: tuple[str, ...]
    stop_reply: str = ""  # sent back, if there is one
    start_reply: str = ""
    _stop: frozenset = field(init=False, repr=False)
    _start: frozenset = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "_stop", frozenset(map(stop_words.plain, self.stop)))
        object.__setattr__(self, "_start", frozenset(map(stop_words.plain, self.start)))

    def asks(self, text):
        """False to stop, True to go on, None for anything else."""
        if not text or len(text) > stop_words.LONGEST:
            return None
        said = stop_words.plain(text)
        if not said:
            return None
        return False if said in self._stop else True if said in self._start else None

    @property
    def stored(self):
        return {
            "stop": list(self.stop),
            "start": list(self.start),
            "stop_reply": self.stop_reply,
            "start_reply": self.start_reply,
        }


def words():
    return _read(values.get(SETTING, {}))


def save(changed, by):
    """ValueError for a word in both lists: nobody could tell what it asks."""
    both = changed._stop & changed._start
    if both:
        raise ValueError(f"“{sorted(both)[0].upper()}” cannot ask both to stop and to start.")
    values.put(SETTING, changed.stored, by)
    _held.clear()


def obey(contact, message):
    """Called for each message a customer writes: no query unless it is one of the words.

    Gives the text to answer with, if there is one; the caller sends it through the gate.
    """
    given, how, said = _asked(message)
    if given is None:
        return ""
    entry = consenting.record(
        contact, given, how, words=said, at=message.written_at, message=message
    )
    if entry is None:
        return ""
    telling.note(contact, consenting.ACTIONS[given], SAID[given], said)
    return _reply(given, contact)


def asks_to_stop(message):
    """Whether it is one of the words, whatever was said since."""
    return _asked(message)[0] is False


def _reply(given, contact):
    """The text to send back, where this very message decided and an admin wrote one."""
    if contact.consent != (Consent.IN if given else Consent.OUT):
        return ""
    held = _current()
    return held.start_reply if given else held.stop_reply


def _asked(message):
    """(given, how, the words that say so); given is None for any other message."""
    if message.kind == MessageKind.TEXT:
        return _current().asks(message.text), "keyword", message.text
    if message.kind in BUTTONS:
        content = message.content or {}
        for text in (message.text, content.get("payload"), content.get("id")):
            given = _current().asks(text)
            if given is not None:
                return given, "button", message.text or text
    return None, "", ""


_held = {}


def _current():
    """The words, read again every few seconds: messages by the thousand ask for them."""
    now = time.monotonic()
    if _held.get("until", 0) < now:
        row = db.session.get(Setting, SETTING)
        _held.update(words=_read(row.value if row else {}), until=now + FRESH_SECONDS)
    return _held["words"]


def forget():
    """The next message reads the words anew."""
    _held.clear()


def _read(stored):
    default = stop_words.default_words()
    return Words(
        stop=tuple(stored.get("stop", default["stop"])),
        start=tuple(stored.get("start", default["start"])),
        stop_reply=stored.get("stop_reply", ""),
        start_reply=stored.get("start_reply", ""),
    )
