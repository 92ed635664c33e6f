"""The bundled Redis-compatible server with the settings of the default start, on a free port."""

import subprocess
import time

from tests.support.ports import free_port
from webapp import embedded


class RedisServer:
    def __init__(self, folder):
        self._folder = folder
        self._port = free_port()
        self._process = None
        self.url = f"redis://:of-tests@127.0.0.1:{self._port}/0"

    def start(self):
        """Start, or start again with the data it had; returns when it answers."""
        settings = embedded.redis_settings(self._folder, self._port, "of-tests")
        with open(self._folder / "redis.log", "ab") as log:
            self._process = subprocess.Popen(
                [embedded.redis_server_binary(), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._process.stdin.write(settings.encode())
        self._process.stdin.close()
        deadline = time.monotonic() + 10
        while not embedded.redis_answers(self.url):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"Redis did not start: {self._folder}/redis.log")
            time.sleep(0.02)
        return self

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        self._process.kill()
        self._process.wait()

    def stop(self):
        self._process.terminate()
        self._process.wait(10)


def start_redis(folder):
    """Start a server that keeps its data in `folder`."""
    return RedisServer(folder).start()
