"""A stand-in for Meta: Graph API in, webhooks out."""

import hashlib
import hmac
import json
import re
import time

from tests.support.stubs.base import ProviderStub, Reply, Taken
from tests.support.stubs.meta_rules import TYPES, Broken, check_message, need
from tests.support.stubs.meta_templates import KeepsTemplates

ANY_TYPE = set.union(*TYPES.values())


class MetaStub(KeepsTemplates, ProviderStub):
    name = "meta"
    secrets = {
        "access_token": "",  # any, where it is empty
        "app_secret": "0123456789abcdef0123456789abcdef",
        "app_id": "100200300400",
        "phone_number_id": "105555020088002",
        "waba_id": "104555010077001",
    }

    def __init__(self, port=0, **secrets_given):
        self.reads = []
        self.uploads = {}  # media id → (MIME type, size)
        self.uploaded = {}  # media id → content
        self.upload_answers = []  # like `answers`, for the next uploads
        self.keep_templates()
        super().__init__(port, **secrets_given)

    def environment(self):
        return {"META_API_URL": self.url}

    def texts(self):
        return [body["text"]["body"] for body in self.sent]

    def handle(self, request):
        path = re.fullmatch(r"/v\d+\.\d+/(.+)", request.path)
        if request.path in self.media:
            return self._authorized(request) or self.hosted(request)
        if not path:
            return self.refuse(f"{request.path} begins with a version", refusal(2500))
        session = path[1].startswith("upload:")  # its token comes as OAuth
        wrong = None if path[1] == "debug_token" else self._authorized(request, session)
        if wrong:
            return wrong
        try:
            return self._answer(request, path[1].split("/"))
        except Broken as broken:
            code, rule = broken.args
            return self.refuse(rule, refusal(code, rule))

    def _authorized(self, request, session=False):
        """A refusal, unless the request carries the token."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        wanted = self.secrets["access_token"]
        if kind == ("OAuth" if session else "Bearer") and token and token == (wanted or token):
            return None
        return self.refuse("the access token is sent as Bearer", refusal(190, "No token", 401))

    def _answer(self, request, path):
        kept = self.answers_templates(request, path)
        if kept is not False:
            return kept
        if request.method == "GET":
            return self._read(path)
        need(request.method == "POST", 100, f"{request.method} is not used")
        ours = len(path) == 2 and path[0] == self.secrets["phone_number_id"]
        need(ours, 33, "the phone number id is ours")
        if path[1] == "media":
            return self._upload(request)
        need(path[1] == "messages", 100, f"/{path[1]} is a place")
        need(request.headers["content-type"] == "application/json", 100, "messages are JSON")
        return self._message(request.json)

    def _message(self, body):
        if isinstance(body, dict) and body.get("status") == "read":
            need(body.get("messaging_product") == "whatsapp", 100, "messaging_product")
            need(body.get("message_id"), 131008, "message_id of what was read")
            self.reads.append(body["message_id"])
            return Reply(200, {"success": True})
        check_message(body, self.uploads)
        message_id = f"wamid.stub{self.number()}"
        address = body.get("to") or body["recipient"]
        contact = {"input": address}
        if "to" in body:
            contact["wa_id"] = address.lstrip("+")
        else:
            contact["user_id"] = address
        taken = Taken(
            id=message_id,
            recipient=address.lstrip("+"),
            correlation_id=body.get("biz_opaque_callback_data", ""),
            kind=body.get("type", "text"),
            text=in_words(body),
            body=body,
        )
        accepted = {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": message_id}],
        }
        return self.take(taken, Reply(200, accepted))

    def _upload(self, request):
        kind = request.headers.get("content-type", "")
        need(kind.startswith("multipart/form-data; boundary="), 100, "media is multipart")
        need("transfer-encoding" not in request.headers, 100, "the length is known")
        parts = request.parts
        need(set(parts) == {"messaging_product", "type", "file"}, 100, "three parts")
        need(parts["messaging_product"].text == "whatsapp", 100, "messaging_product is whatsapp")
        file, mime_type = parts["file"], parts["type"].text
        need(mime_type == file.mime_type, 100, "type is the file's own")
        need(mime_type in ANY_TYPE, 100, f"{mime_type} is a type Meta takes")
        need(file.filename, 100, "the file has a name")
        need(file.content, 131053, "the file is not empty")
        if self.upload_answers:
            status, body, seconds = self.upload_answers.pop(0)
            time.sleep(seconds)
            return Reply(status, body) if status else None
        media_id = f"9900{self.number()}"
        self.uploads[media_id] = (mime_type, len(file.content))
        self.uploaded[media_id] = file.content
        return Reply(200, {"id": media_id})

    def _read(self, path):
        number_id = self.secrets["phone_number_id"]
        if path == ["debug_token"]:
            scopes = ["whatsapp_business_messaging", "whatsapp_business_management"]
            return Reply(200, {"data": {"is_valid": True, "expires_at": 0, "scopes": scopes}})
        if path[1:] == ["phone_numbers"]:
            known = {"data": [{"id": self.secrets["phone_number_id"]}]}
            return Reply(200, known)
        if path[1:] == ["subscribed_apps"]:
            app = {"whatsapp_business_api_data": {"id": self.secrets["app_id"], "name": "Stub"}}
            return Reply(200, {"data": [app]})
        if f"/media/{path[0]}" in self.media:
            return Reply(200, self._media_answer(path[0]))
        need(path == [number_id], 100, f"{path[0]} is something Meta knows")
        return Reply(
            200,
            {
                "id": number_id,
                "display_phone_number": "+1 555-010-0200",
                "verified_name": "Northgate Kettles",
                "quality_rating": "GREEN",
                "status": "CONNECTED",
                "throughput": {"level": "STANDARD"},
                "whatsapp_business_manager_messaging_limit": "TIER_2K",
            },
        )

    def _media_answer(self, media_id):
        content, mime_type = self.media[f"/media/{media_id}"]
        return {
            "messaging_product": "whatsapp",
            "url": f"{self.url}/media/{media_id}",
            "mime_type": mime_type,
            "sha256": hashlib.sha256(content).hexdigest(),
            "file_size": str(len(content)),
            "id": media_id,
        }

    def say(self, webhook_url, text="", *, sender="15550142233", name="Amara", **message):
        """`message`: Meta's own keys, e.g. type="location", location={…}; else it is a text."""
        said = {"type": "text", "text": {"body": text}} if "type" not in message else {}
        inbound = {
            "from": sender,
            "id": f"wamid.in{self.number()}",
            "timestamp": str(int(time.time())),
            **said,
            **message,
        }
        card = {"wa_id": sender, "profile": {"name": name}}
        return self._post(webhook_url, {"contacts": [card], "messages": [inbound]})

    def receipt(self, webhook_url, taken, status, *, code=None):
        told = {
            "id": taken.id,
            "status": status,
            "timestamp": str(int(time.time())),
            "recipient_id": taken.recipient,
            "biz_opaque_callback_data": taken.correlation_id,
        }
        if code:
            told["errors"] = [{"code": code, "title": "Failed"}]
        return self._post(webhook_url, {"statuses": [told]})

    def _post(self, webhook_url, parts):
        number = self.secrets["phone_number_id"]
        metadata = {"display_phone_number": "15550100200", "phone_number_id": number}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **parts}
        return self.post_change(webhook_url, {"field": "messages", "value": value})

    def post_change(self, webhook_url, change, at=None):
        """`at`: when, in seconds, for news of the account."""
        entry = {"id": self.secrets["waba_id"], "changes": [change]}
        if change["field"] != "messages":
            entry["time"] = int(at or time.time())
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        digest = hmac.new(self.secrets["app_secret"].encode(), body, hashlib.sha256).hexdigest()
        signed = {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}
        return self.post(webhook_url, data=body, headers=signed)


def in_words(body):
    """What stands in a message, in one line."""
    kind = body.get("type", "text")
    said = body[kind]
    if kind == "text":
        return said["body"]
    if kind == "interactive":
        return said["body"]["text"]
    if kind == "template":
        return said["name"]
    return json.dumps(said, ensure_ascii=False)


def fault(code, message="no", status=400):
    """An answer as Meta words its refusals, to be queued."""
    return status, {"error": {"message": message, "type": "OAuthException", "code": code}}, 0


def refusal(code, rule="no", status=400):
    details = {"messaging_product": "whatsapp", "details": rule}
    error = {"message": f"(#{code}) {rule}", "type": "OAuthException", "code": code}
    return Reply(status, {"error": {**error, "error_data": details, "fbtrace_id": "AStub"}})
