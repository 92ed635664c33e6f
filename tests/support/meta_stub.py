"""A stand-in for Meta's send endpoint: logs every message it takes and answers as told."""

import json
import threading
import time

from tests.support.local_server import Handler, LocalServer


class MetaStub(LocalServer):
    """`stub.answers` is a list of (status, body, seconds) for the next calls; then 200."""

    def __init__(self):
        self.sent = []
        self.answers = []
        self.reads = []
        self._lock = threading.Lock()
        stub = self

        class Answering(Handler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub._answer(self, body)

        self.listen(Answering)

    def texts(self):
        return [body["text"]["body"] for body in self.sent]

    def _answer(self, handler, body):
        if body.get("status") == "read":
            self.reads.append(body["message_id"])
            return self._reply(handler, 200, {"success": True})
        with self._lock:
            self.sent.append(body)
            number = len(self.sent)
            status, answer, seconds = self.answers.pop(0) if self.answers else (200, None, 0)
        time.sleep(seconds)
        if status == 0:
            handler.close_connection = True
            handler.connection.close()
            return None
        return self._reply(handler, status, answer or self._accepted(body, number))

    @staticmethod
    def _accepted(body, number):
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": body.get("to"), "wa_id": str(body.get("to", "")).lstrip("+")}],
            "messages": [{"id": f"wamid.stub{number}"}],
        }

    @staticmethod
    def _reply(handler, status, answer):
        content = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


def fault(code, message="no", status=400):
    """An answer as Meta words its refusals."""
    return status, {"error": {"message": message, "type": "OAuthException", "code": code}}, 0
