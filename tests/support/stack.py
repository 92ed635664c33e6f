"""The default start as a person starts it: bin/run, in a folder and on a port of its own."""

import json
import os
import signal
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS", "PUBLIC_URL", "SANDBOX")


class Stack:
    def __init__(self, data_dir, *arguments, **environ):
        self.data_dir = data_dir
        self.port = int(environ.pop("PORT", 0)) or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.said = []
        self._process = subprocess.Popen(
            [ROOT / "bin" / "run", *arguments],
            env=clean_environ(DATA_DIR=str(data_dir), PORT=str(self.port), **environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self):
        return self._process.pid

    @property
    def output(self):
        return "".join(self.said)

    def wait_until_ready(self, seconds=90):
        wait_for(lambda: "Stop: Ctrl-C" in self.output or self._process.poll() is not None, seconds)
        if self._process.poll() is not None:
            raise AssertionError(f"bin/run ended:\n{self.output}\n{self.log}")
        return self

    def wait_until_ended(self, seconds=90):
        code = self._process.wait(seconds)
        self._reader.join(10)
        return code

    def stop(self, number=signal.SIGINT):
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self.wait_until_ended()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.loads(answer.read())

    def processes(self):
        """Process ids of all it started, by the name in the Procfile or `redis`."""
        found = {}
        for pid in children_of(self.pid):
            line = command_line(pid)
            name = next((n for n, words in MARKS.items() if words in line), None)
            if name:
                found[name] = pid
        return found

    @property
    def log(self):
        path = self.data_dir / "logs" / "parley.log"
        return path.read_text(errors="replace")[-5000:] if path.exists() else ""

    def _read(self):
        for line in self._process.stdout:
            self.said.append(line)


MARKS = {
    "web": "gunicorn",
    "worker": "workers inbound",
    "clock": "workers.clock",
    "redis": "valkey",
}


def clean_environ(**changes):
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return kept | changes


def children_of(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def descendants_of(pid):
    found = []
    for child in children_of(pid):
        found += [child, *descendants_of(child)]
    return found


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain")
        time.sleep(0.05)
