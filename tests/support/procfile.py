"""The Procfile's processes on a database and a Redis of one's own, as on a server."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests import factories
from tests.support.ports import free_port
from tests.support.stack import clean_environ, wait_for

ROOT = Path(__file__).parents[2]


class Procfile:
    """`start("web", "worker")`, `kill("web")` as a crash would, `stop()` at the end."""

    def __init__(self, folder, database_url, redis_url, **environ):
        self.folder = Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = clean_environ(
            DATABASE_URL=database_url,
            REDIS_URL=redis_url,
            DATA_DIR=str(self.folder),
            PORT=str(self.port),
            PUBLIC_URL=self.url,
            BIND_ADDRESS="127.0.0.1",
            SECRET_KEY="tests-tests-tests-tests",
            CREDENTIAL_KEYS=factories.CREDENTIAL_KEY,
            PATH=f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
            **environ,
        )
        self._running = {}

    def flask(self, *arguments):
        """Run a command of the application; its output."""
        return self.python("flask", "--app", "app", *arguments)

    def seed(self):
        """Fill the migrated database with the cast; where its account at Meta receives."""
        return json.loads(self.python("tests.support.seed"))

    def python(self, *module, given=None):
        """Run a module with `given` as JSON on its standard input; its output."""
        done = subprocess.run(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env=self.environ,
            input=json.dumps(given),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *names, **commands):
        """Start lines of the Procfile by name, or another command under a name."""
        for name in names:
            self._start(name, _line(name))
        for name, command in commands.items():
            self._start(name, command)

    def wait_until_ready(self, seconds=60):
        wait_for(self._is_ready, seconds)
        return self

    def pid(self, name):
        return self._running[name].pid

    def runs(self, name):
        return name in self._running

    def kill(self, name):
        """SIGKILL the process and all it forked, at once."""
        process = self._running.pop(name)
        _signal_group(process, signal.SIGKILL)
        process.wait()

    def stop(self):
        for process in self._running.values():
            _signal_group(process, signal.SIGTERM)
        for name, process in list(self._running.items()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            self.kill(name)

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _start(self, name, command):
        assert name not in self._running, f"{name} runs already"
        with open(self.folder / f"{name}.log", "ab") as log:
            self._running[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec env {command}"],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


def _line(name):
    for line in (ROOT / "Procfile").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.partition(":")[2].strip()
    raise KeyError(name)


def _signal_group(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
