"""Starts the providers' process and gives it orders."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Providers:
    """`ask("write", 20)` returns when it is done, with what it answered."""

    def __init__(self, kaleyra_version):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.providers", kaleyra_version],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        began = json.loads(self._process.stdout.readline())
        self.environ, self.accounts = began["environ"], began["accounts"]

    def ask(self, order, value=None):
        print(order, json.dumps(value), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def stop(self):
        self._process.kill()
        self._process.communicate()
