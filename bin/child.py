"""One process of the default start: started in its own session, restarted when it dies, stopped."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PR_SET_PDEATHSIG = 1
LOG_BYTES = 20_000_000
STEADY_SECONDS = 30
LONGEST_PAUSE = 30
# A gunicorn with open WebSockets waits for them as long as it may: ask nicely, then quickly.
STOP_STEPS = {
    "web": ((signal.SIGTERM, 5), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)),
    "redis": ((signal.SIGTERM, 30), (signal.SIGKILL, 5)),
}
STOP_STEPS_OTHERWISE = ((signal.SIGTERM, 30), (signal.SIGKILL, 5))

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StopSignal:
    """Set by Ctrl-C, SIGTERM or a closed terminal."""

    def __init__(self):
        self._event = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._event.set())

    @property
    def asked(self):
        return self._event.is_set()

    def wait(self, seconds):
        self._event.wait(seconds)


class Child:
    """A process that is to run until it is stopped."""

    def __init__(self, name, command, environ, log, *, stdin=None, is_ready=None):
        self.name = name
        self._command = command
        self._environ = environ
        self._log = log
        self._stdin = stdin
        self._is_ready = is_ready
        self._process = None
        self._started_at = 0
        self.deaths = 0
        self._start_again_at = None

    def start(self):
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.PIPE if self._stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        if self._stdin:
            self._process.stdin.write(self._stdin.encode())
            self._process.stdin.close()
        self._started_at = time.monotonic()
        self._start_again_at = None

    def wait_until_ready(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._is_ready():
                return True
            time.sleep(0.03)
        return False

    def keep_alive(self):
        """Start it again if it has died: at once the first time, later with growing pauses."""
        if self._process.poll() is None:
            return
        now = time.monotonic()
        if self._start_again_at is None:
            self._note_death(now)
        elif now >= self._start_again_at:
            self._signal_group(signal.SIGKILL)
            self.start()

    def stop(self):
        if self._process is None:
            return
        for number, seconds in STOP_STEPS.get(self.name, STOP_STEPS_OTHERWISE):
            if self._process.poll() is not None:
                break
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self._signal_group(signal.SIGKILL)

    def _note_death(self, now):
        steady = now - self._started_at > STEADY_SECONDS
        self.deaths = 1 if steady else self.deaths + 1
        pause = min(LONGEST_PAUSE, 0.25 * 2 ** (self.deaths - 1))
        self._start_again_at = now + pause
        # What it had forked itself: those that notice end by themselves, the rest are told to.
        self._signal_group(signal.SIGTERM)
        print(f"{self.name} ended with {self._process.returncode}: starting it again", flush=True)

    def _signal_group(self, number):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def shorten(log):
    """Keep the log to two pieces; several processes append to it, so it is copied and emptied."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def _end_with_parent():
    # A supervisor that is killed outright must not leave its processes behind.
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
