"""`python -m tests.kill.meta`: Meta's send endpoint as a process of its own, which outlives ours.

It writes a line for every message it takes before it answers, takes 20 to 200 ms over each, and
for two of three posts receipts until they are answered 200, as Meta does.
"""

import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.factories import META_NUMBER_ID, META_SECRET, META_WABA_ID
from webapp.providers.signing import sign


def main(webhook, log):
    with open(log, "a", buffering=1) as lines:
        server = Server(("127.0.0.1", 0), Handler)
        server.webhook, server.lines, server.count = webhook, lines, 0
        server.lock = threading.Lock()
        print(server.server_address[1], flush=True)
        server.serve_forever()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A caller killed in the middle is what this is for."""

    def take(self, message):
        with self.lock:
            self.count += 1
            number = self.count
            told = random.random() < 0.67
            correlation_id = message["biz_opaque_callback_data"]
            line = {"text": message["text"]["body"], "id": correlation_id, "told": told}
            self.lines.write(json.dumps(line) + "\n")
        message_id = f"wamid.stub-{number}"
        if told:
            arguments = (message_id, message["to"].lstrip("+"), correlation_id)
            threading.Thread(target=self.tell, args=arguments, daemon=True).start()
        time.sleep(random.uniform(0.02, 0.2))
        return message_id

    def tell(self, message_id, recipient, correlation_id):
        """`sent`, then `delivered`; sometimes before the call itself is answered."""
        for status in ("sent", "delivered"):
            time.sleep(random.uniform(0, 0.5))
            body = receipt(message_id, recipient, correlation_id, status)
            while not self._post(body):
                time.sleep(0.3)

    def _post(self, body):
        headers = {"X-Hub-Signature-256": sign(META_SECRET, body)}
        request = urllib.request.Request(self.webhook, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if message.get("status") == "read":
            return self._answer({"success": True})
        message_id = self.server.take(message)
        return self._answer(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": message["to"], "wa_id": message["to"].lstrip("+")}],
                "messages": [{"id": message_id}],
            }
        )

    def _answer(self, value):
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def receipt(message_id, recipient, correlation_id, status):
    told = {
        "id": message_id,
        "status": status,
        "timestamp": str(int(time.time())),
        "recipient_id": recipient,
        "biz_opaque_callback_data": correlation_id,
    }
    return webhook_body({"statuses": [told]})


def webhook_body(parts):
    metadata = {"display_phone_number": "15550100200", "phone_number_id": META_NUMBER_ID}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **parts}
    change = {"field": "messages", "value": value}
    entry = {"id": META_WABA_ID, "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


if __name__ == "__main__":
    main(*sys.argv[1:])
