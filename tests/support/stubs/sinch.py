"""A stand-in for Sinch: the token endpoint, the Conversation API and its callbacks."""

import base64
import json
import re
import uuid
from datetime import UTC, datetime
from urllib.parse import unquote

from tests.support.stubs.base import ProviderStub, Reply, Taken
from tests.support.stubs.sinch_rules import faults_of, kind_and_text
from webapp.providers.sinch.signing import signed_headers

PROJECT = "c36f3d3d-1523-4edd-ae42-000000000001"
APP = "01HQ0000000000000000000APP"
CONTACT = "01HQ0000000000000000CONTAC"
TRIGGERS = [
    "MESSAGE_INBOUND",
    "MESSAGE_DELIVERY",
    "EVENT_INBOUND",
    "CONTACT_CREATE",
    "UNSUPPORTED",
    "CHANNEL_EVENT",
]
STATUSES = {"sent": "QUEUED_ON_CHANNEL", "delivered": "DELIVERED", "read": "READ"}
WORDS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND"}


class SinchStub(ProviderStub):
    """Beside what every stub has: `app`, `webhooks`, `contacts`, `history` are what the API hands
    out; `tokens` those given; `locked` the files that want one; `end_tokens()` expires them."""

    name = "sinch"
    secrets = {
        "region": "eu",
        "project_id": PROJECT,
        "app_id": APP,
        "key_id": "key-1",
        "key_secret": "key-secret-1",
        "webhook_secret": "webhook-secret-1",
    }

    def __init__(self, port=0, **secrets_given):
        self.tokens, self.live_tokens, self.token_answers = [], set(), []
        self.lives = 3600
        self.app = {
            "id": APP,
            "display_name": "Northgate Kettles",
            "processing_mode": "CONVERSATION",
            "channel_credentials": [
                {
                    "channel": "WHATSAPP",
                    "static_bearer": {"claimed_identity": "15550100200", "token": ""},
                    "state": {"status": "ACTIVE", "description": ""},
                    "channel_known_id": "",
                }
            ],
        }
        self.webhooks, self.contacts, self.history, self.locked = [], {}, [], set()
        self.page_size = None  # smaller than asked for, so that a test needs few messages
        super().__init__(port, **secrets_given)

    def environment(self):
        return {"SINCH_API_URL": self.url, "SINCH_AUTH_URL": self.url}

    def register(self, webhook_url, triggers=TRIGGERS, **more):
        webhook = {
            "id": self.number(),
            "app_id": self.secrets["app_id"],
            "target": webhook_url,
            "target_type": "HTTP",
            "triggers": list(triggers),
        }
        self.webhooks.append(webhook | more)

    def end_tokens(self):
        self.live_tokens.clear()

    def handle(self, request):
        if request.path == "/oauth2/token":
            return self._token(request)
        if request.path.startswith("/media/"):
            locked = request.path in self.locked and not self._has_token(request)
            return Reply(401) if locked else self.hosted(request)
        if not self._has_token(request):
            return self._error(401, "Request had invalid authentication credentials.")
        for method, pattern, answer in self._routes():
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                return answer(request, *map(unquote, found.groups()))
        return self.refuse(f"{request.method} {request.path} is unknown", self._error(404))

    def _routes(self):
        project = f"/v1/projects/{self.secrets['project_id']}"
        app = f"{project}/apps/{self.secrets['app_id']}"
        return (
            ("POST", f"{project}/messages:send", self._send),
            ("GET", f"{project}/messages", self._list),
            ("GET", f"{project}/messages/([^/]+)", self._message),
            ("GET", f"{project}/contacts/([^/]+)", self._contact),
            ("GET", app, lambda request: Reply(200, self.app)),
            ("GET", f"{app}/webhooks", lambda request: Reply(200, {"webhooks": self.webhooks})),
            ("GET", f"{project}/apps/[^/]+(?:/webhooks)?", lambda request: self._error(404)),
        )

    def _token(self, request):
        if self.token_answers:
            return self.token_answers.pop(0)
        pair = f"{self.secrets['key_id']}:{self.secrets['key_secret']}".encode()
        if request.headers.get("authorization") != "Basic " + base64.b64encode(pair).decode():
            return Reply(401, {"error": "invalid_client", "error_description": "Wrong key."})
        if request.form != [("grant_type", "client_credentials")]:
            reply = Reply(400, {"error": "unsupported_grant_type"})
            return self.refuse("the token is asked for by grant_type=client_credentials", reply)
        token = f"token-{uuid.uuid4().hex}"
        self.tokens.append(token)
        self.live_tokens.add(token)
        body = {"access_token": token, "expires_in": self.lives, "scope": ""}
        return Reply(200, body | {"token_type": "bearer"})

    def _has_token(self, request):
        given = request.headers.get("authorization", "")
        return given.removeprefix("Bearer ") in self.live_tokens and given.startswith("Bearer ")

    def _send(self, request):
        body = request.json
        if request.headers.get("content-type") != "application/json" or not isinstance(body, dict):
            return self.refuse("the body is JSON", self._error(400, "Malformed body."))
        faults = list(faults_of(body, self.secrets["app_id"]))
        if faults:
            self.broken_rules.extend(faults[1:])
            return self.refuse(faults[0], self._error(400, f"Invalid argument: {faults[0]}."))
        message_id = f"01HQOUT{self.number():0>19}"
        to = body["recipient"]["identified_by"]["channel_identities"][0]["identity"]
        kind, text = kind_and_text(body["message"])
        metadata = body.get("message_metadata", "")
        taken = Taken(message_id, to, metadata, kind=kind, text=text, body=body)
        at = _now()
        reply = self.take(taken, Reply(200, {"message_id": message_id, "accepted_time": at}))
        if taken in self.taken:
            self.history.append(
                {
                    "id": message_id,
                    "direction": "TO_CONTACT",
                    "app_message": body["message"],
                    "metadata": metadata,
                    **self._about(to, at),
                }
            )
        return reply

    def _list(self, request):
        query = request.query
        if query.get("app_id") != self.secrets["app_id"]:
            return self._error(404, "The app does not exist.")
        if not 1 <= int(query.get("page_size", 10)) <= 1000:
            reply = self._error(400, "Invalid argument: page_size.")
            return self.refuse("a page has 1 to 1000 messages", reply)
        found = [message for message in reversed(self.history) if _matches(message, query)]
        start = int(query.get("page_token") or 0)
        end = start + (self.page_size or int(query.get("page_size", 10)))
        following = str(end) if end < len(found) else ""
        return Reply(200, {"messages": found[start:end], "next_page_token": following})

    def _message(self, request, message_id):
        found = next((m for m in self.history if m["id"] == message_id), None)
        return Reply(200, found) if found else self._error(404)

    def _contact(self, request, contact_id):
        if contact_id not in self.contacts:
            return self._error(404)
        name = self.contacts[contact_id]
        return Reply(200, {"id": contact_id, "display_name": name, "channel_identities": []})

    def _error(self, status, message="Not found."):
        error = {"code": status, "message": message, "status": WORDS[status], "details": []}
        return Reply(status, {"error": error})

    def _about(self, phone, at):
        return {
            "channel_identity": {"channel": "WHATSAPP", "identity": phone, "app_id": ""},
            "conversation_id": "01HQ000000000000000000CONV",
            "contact_id": CONTACT,
            "accept_time": at,
            "sender_id": "",
            "processing_mode": "CONVERSATION",
            "injected": False,
        }

    # What Sinch posts

    def say(self, webhook_url, text="", *, sender="15550100002", said=None, at=None, **more):
        """`said`: a `contact_message` other than a text; `message_id`: that of an earlier one."""
        message = self.written(text, sender=sender, said=said, at=at, **more)
        return self._post(webhook_url, {"message": message}, at)

    def written(self, text="", *, sender="15550100002", said=None, at=None, message_id=None):
        """A customer's message that Sinch has, posted or not."""
        message = {
            "id": message_id or f"01HQIN{self.number():0>20}",
            "direction": "TO_APP",
            "contact_message": said or {"text_message": {"text": text}, "reply_to": None},
            "metadata": "",
            **self._about(sender, at or _now()),
        }
        self.history.append(message)
        return message

    def receipt(self, webhook_url, taken, status, *, reason=None, at=None):
        report = {
            "message_id": taken.id,
            "status": STATUSES.get(status, "FAILED"),
            "metadata": taken.correlation_id,
            **self._about(taken.recipient, at or _now()),
        }
        if status == "failed":
            report["reason"] = reason or {
                "code": "RECIPIENT_NOT_REACHABLE",
                "description": "Not reachable",
                "sub_code": "UNSPECIFIED_SUB_CODE",
            }
        return self._post(webhook_url, {"message_delivery_report": report}, at)

    def _post(self, webhook_url, news, at):
        at = at or _now()
        body = {
            "app_id": self.secrets["app_id"],
            "project_id": self.secrets["project_id"],
            "accepted_time": at,
            "event_time": at,
            "message_metadata": "",
            "correlation_id": "",
            **news,
        }
        if not self.webhooks:
            self.register(webhook_url)  # whoever is posted to has said so
        content = json.dumps(body).encode()
        headers = signed_headers(self.secrets["webhook_secret"], content, uuid.uuid4().hex)
        headers["Content-Type"] = "application/json"
        return self.post(webhook_url, data=content, headers=headers)


def _matches(message, query):
    at = datetime.fromisoformat(message["accept_time"])
    start, end = (_moment(query.get(name)) for name in ("start_time", "end_time"))
    identity = message["channel_identity"]["identity"]
    return (
        query.get("direction") in (None, message["direction"])
        and query.get("channel_identity") in (None, identity)
        and (start is None or at >= start)
        and (end is None or at < end)
    )


def _moment(text):
    return datetime.fromisoformat(text) if text else None


def _now():
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
