"""An HTTP server on this machine, in a thread, for whatever stands in for somebody else's."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Nothing: a test's output is its own."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A caller that went away is part of what is tried."""


class LocalServer:
    """`listen(handler)` starts it; `url` is where."""

    def listen(self, handler, port=0):
        self._server = _Server(("127.0.0.1", port), handler)
        # Looks every 20 ms whether to end: half a second would be most of a test.
        serving = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
