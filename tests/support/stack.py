"""The real processes of the Procfile, started for a test and ended by their ids."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.factories import CREDENTIAL_KEY
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
WEB = (
    "gunicorn -k gevent -w {workers} --worker-connections 2000 --timeout 60 --graceful-timeout 5 "
    "--no-control-socket -b 127.0.0.1:{port} {app}"
)
COMMANDS = {
    "worker": "-m workers inbound + outbound + default low",
    "clock": "-m workers.clock",
}


class Stack:
    """`with Stack(database, redis_url, data_dir) as stack:` web, worker and clock are running."""

    def __init__(self, database, redis_url, data_dir, web_workers=1, app="app:app", **environment):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes = {}
        self.data_dir = Path(data_dir)
        self._web = WEB.format(workers=web_workers, port=self.port, app=app)
        self.environment = {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": redis_url,
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "SECRET_KEY": "tests-tests-tests-tests",
            "CREDENTIAL_KEYS": CREDENTIAL_KEY,
            "LOG_LEVEL": "warning",
            "SANDBOX": "on",
            **environment,
        }

    def __enter__(self):
        self.run("flask", "--app", "app", "db", "upgrade")
        for name in ("web", "worker", "clock"):
            self.start(name)
        self.wait_ready()
        return self

    def __exit__(self, *_error):
        for name in list(self.processes):
            self.stop(name)

    def run(self, *arguments, **options):
        """One command of the project, to its end."""
        program = Path(sys.executable).with_name(arguments[0])
        return subprocess.run(
            [str(program), *arguments[1:]],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            **options,
        )

    def start(self, name):
        environment = self.environment
        if name == "web":
            environment = environment | {"SOCKETIO_ASYNC_MODE": "gevent"}
            gunicorn, *rest = self._web.split()
            command = [str(Path(sys.executable).with_name(gunicorn)), *rest]
        else:
            command = [sys.executable, *COMMANDS[name].split()]
        with open(self.data_dir / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name):
        """SIGKILL to the process and its children: no handler runs."""
        process = self.processes[name]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name):
        process = self.processes.pop(name)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def wait_ready(self, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"not ready: {self.data_dir}/web.log") from None
                time.sleep(0.1)

    def log(self, name):
        return (self.data_dir / f"{name}.log").read_text()
