"""Whether this process was asked to stop: claim no more, finish what is in flight."""

import threading

_asked = threading.Event()


def request():
    _asked.set()


def requested():
    return _asked.is_set()


def wait(seconds):
    """Sleep, but wake when asked to stop; true if so."""
    return _asked.wait(seconds)
