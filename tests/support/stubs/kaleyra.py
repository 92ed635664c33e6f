"""A stand-in for Kaleyra: V1 and V2, their documented rules, answers and callbacks."""

import json
import re
import time
import uuid
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tests.support.stubs.base import ProviderStub, Reply, Taken
from tests.support.stubs.kaleyra_templates import flat as _flat
from tests.support.stubs.kaleyra_templates import unflattened
from tests.support.stubs.template_book import Refused, TemplateBook

MESSAGE_TYPES_V1 = {
    "text": ("body",),
    "media": (),
    "template": ("template_name", "lang_code"),
    "mediatemplate": ("template_name", "lang_code"),
    "authenticationtemplate": ("template_name", "lang_code", "verification_code"),
    "location": ("param_lat", "param_long"),
    "contacts": ("param_contacts",),
    "interactive": ("body", "action"),
}
MEDIA_V2 = {"image", "video", "audio", "document", "sticker"}
QUOTED = re.compile(r'"[^"\r\n\t]*"(,"[^"\r\n\t]*")*')
LIMITS = {"body": 4096, "footer": 60, "caption": 1024}


class KaleyraStub(ProviderStub):
    """`secrets`: sid, api_key, number, waba_id, and callback_secret where callbacks carry one."""

    name = "kaleyra"
    secrets = {
        "region": "in",
        "sid": "HXAP00000000IN",
        "api_key": "A0000key",
        "number": "15550100200",
        "waba_id": "100000000000002",
        "api_version": "v1",
        "callback_secret": "",
    }
    bare_id = False  # V1 answers with `id` alone, as the oldest pages have it

    def __init__(self, port=0, **secrets_given):
        self.book = TemplateBook()
        self.book.add("order_update", "en")
        self.book.add("promo", "en", status="PAUSED", category="MARKETING")
        super().__init__(port, **secrets_given)

    def environment(self):
        return {"KALEYRA_API_URL": self.url}

    def handle(self, request):
        if request.path.startswith("/media/"):
            return self._file(request)
        refused = self._refused_key(request)
        if refused:
            return refused
        own = self.secrets
        places = {
            ("POST", f"/v1/{own['sid']}/messages"): self._send_v1,
            ("POST", f"/v2/{own['sid']}/whatsapp/{own['number']}/messages"): self._send_v2,
            ("GET", f"/v1/{own['sid']}/whatsapp/templates/status"): self._templates_v1,
            ("POST", f"/v1/{own['sid']}/whatsapp/template"): self._make_v1,
            ("POST", f"/v2/{own['sid']}/whatsapp/{own['waba_id']}/message_templates"): (
                self._make_v2
            ),
            ("GET", f"/v2/{own['sid']}/whatsapp/{own['waba_id']}/message_templates"): (
                self._templates_v2
            ),
        }
        known = places.get((request.method, request.path))
        if known is None:
            return self.refuse(
                f"no such address: {request.method} {request.path}",
                Reply(404, {"message": "Not Found"}),
            )
        return known(request)

    def _file(self, request):
        if "api-key" in request.headers:
            self.broken_rules.append("the API key went to the media storage")
        return self.hosted(request)

    def _refused_key(self, request):
        if "api-key" in request.query or self.secrets["api_key"] in request.url:
            self.broken_rules.append("the API key stands in the address")
        sid = request.path.split("/")[2:3]
        right = request.headers.get("api-key") == self.secrets["api_key"]
        if right and sid == [self.secrets["sid"]]:
            return None
        answer = {"code": "RBC001", "message": "Invalid SID or API key"}
        return self.refuse("wrong SID or API key", Reply(401, answer))

    # Sending

    def _send_v1(self, request):
        kind = request.headers.get("content-type", "").partition(";")[0]
        if kind == "multipart/form-data":
            parts = request.parts
            fields = {name: part.text for name, part in parts.items() if part.filename is None}
            files = {name: part for name, part in parts.items() if part.filename is not None}
        elif kind == "application/x-www-form-urlencoded":
            fields, files = dict(request.form), {}
            if len(fields) != len(request.form):
                return self._fault("channel", "a parameter stands twice")
        else:
            return self._fault("channel", f"unknown content type {kind}")
        fault = _fault_v1(fields, files, self.secrets["number"])
        if fault:
            return self._fault(*fault)
        request_id = self._uuid()
        taken = Taken(
            f"{request_id}:0",
            fields["to"].lstrip("+"),
            fields.get("ref", ""),
            fields.get("callback_url", ""),
            fields["type"],
            fields.get("body") or fields.get("caption") or fields.get("template_name", ""),
            {**fields, **files},
        )
        return self.take(taken, Reply(202, self._accepted_v1(taken)))

    def _accepted_v1(self, taken):
        if self.bare_id:
            return {"id": taken.id}
        return {
            "id": taken.id,
            "type": taken.kind,
            "createdDateTime": "2026-03-01 12:24:00+00:00",
            "totalCount": 1,
            "data": [{"message_id": taken.id, "recipient": taken.recipient}],
            "error": {},
        }

    def _fault(self, parameter, why):
        return self.refuse(f"{parameter}: {why}", Reply(400, {"error": {parameter: why}}))

    def _send_v2(self, request):
        body = request.json or {}
        fault = _fault_v2(body)
        if fault:
            return self.refuse(fault, Reply(400, {"code": "WA400", "message": fault}))
        message, extra = body["messaging_object"], body["extra_info"]
        taken = Taken(
            self._uuid(),
            message["to"].lstrip("+"),
            extra.get("ref", ""),
            "",
            message["type"],
            (message.get("text") or {}).get("body", ""),
            body,
        )
        answer = {"code": "WA200", "message": "Accepted", "data": {"message_id": taken.id}}
        return self.take(taken, Reply(200, answer))

    def _uuid(self):
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.url} {self.number()}"))

    # Templates

    def _templates_v1(self, request):
        name = request.query.get("name")
        shown = [_flat(one) for one in self.book if not name or one.name == name]
        return Reply(200, {"data": shown})

    def _templates_v2(self, request):
        return Reply(200, {"data": [one.shown() for one in self.book], "paging": {}})

    def _make_v1(self, request):
        fields = request.json or {}
        if fields.get("header") not in ("text", "image", "video", "document", "none"):
            return self._fault("header", "unknown")
        if fields.get("waba_id") != self.secrets["waba_id"]:
            return self._fault("waba_id", "unknown")
        return self._made(unflattened(fields), lambda kept: {"message": "Template submitted"})

    def _make_v2(self, request):
        return self._made(
            request.json or {},
            lambda kept: {"id": kept.id, "status": kept.status, "category": kept.category},
        )

    def _made(self, body, told):
        # Kaleyra takes addresses where Meta wants handles.
        for part in body.get("components") or ():
            self.book.handles |= set(part.get("example", {}).get("header_handle", ()))
        try:
            kept = self.book.create(body)
        except Refused as refused:
            rule = refused.args[2]
            return self.refuse(rule, Reply(400, {"code": "WA400", "message": rule}))
        if self.on_submitted:
            self.on_submitted(kept)
        return Reply(200, told(kept))

    def review(self, webhook_url, name, event="APPROVED", *, language=None, reason="NONE", **more):
        """Decide on a template and post it as the template-status profile does."""
        kept = self.book.named(name, language)
        kept.status = event
        values = {
            "id": self.secrets["waba_id"], "time": str(int(more.pop("at", None) or time.time())),
            "event": event, "message_template_id": kept.id, "message_template_name": kept.name,
            "message_template_language": kept.language, "reason": reason,
            "callback_profile_id": "PR0000001", "company_id": "1001", **more,
        }  # fmt: skip
        return self.call(webhook_url, values, "post")

    # Calling back

    def say(self, webhook_url, text="", *, form="post", sender="15550100002", name="Ann Example",
            kind="text", at=None, v2=None, **variables):  # fmt: skip
        """`form`: get, post, form or v2; `v2` is a whole message in Meta's form."""
        at = str(int(at or time.time()))
        if form == "v2" or v2:
            message = v2 or {"type": "text", "text": {"body": text}}
            wamid = f"wamid.stub{self.number()}"
            message = {"from": sender, "id": wamid, "timestamp": at, **message}
            number = self.secrets["number"]
            return self.call(webhook_url, wrapped(message, sender, name, number, **variables))
        values = {
            "from": sender, "wanumber": f"+{self.secrets['number']}", "type": kind,
            "created_at": at, "name": name, "body": text, **variables,
        }  # fmt: skip
        return self.call(webhook_url, values, form)

    def receipt(self, webhook_url, taken, status, *, form=None, at=None, **more):
        """By GET to the message's own address if it named one, else by a profile's POST."""
        at = str(int(at or time.time()))
        if isinstance(taken.body, dict) and "messaging_object" in taken.body:
            number = self.secrets["number"]
            return self.call(webhook_url, wrapped_status(taken, status, at, number, **more))
        values = {
            "id": taken.id, "mobile": taken.recipient, "status": status, "timestamp": at,
            "ref": taken.correlation_id, "ref1": "", "ref2": "", **more,
        }  # fmt: skip
        if form or not taken.callback_url:
            return self.call(webhook_url, values, form or "post")
        address = taken.callback_url
        if webhook_url:  # where the product is reached from here
            address = urlsplit(webhook_url)._replace(query=urlsplit(address).query).geturl()
        return self.call(address, values, "get", with_secret=False)

    def call(self, url, values, form="post", with_secret=True):
        headers = {}
        if self.secrets.get("callback_secret") and with_secret:
            headers["X-Webhook-Token"] = self.secrets["callback_secret"]
        if form == "get":
            query = urlencode(_texts(values), quote_via=quote)
            address = f"{url}{'&' if '?' in url else '?'}{query}"
            return self.post(address, data=None, headers=headers, method="GET")
        if form == "form":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return self.post(url, data=urlencode(_texts(values)).encode(), headers=headers)
        headers["Content-Type"] = "application/json"
        return self.post(url, data=json.dumps(values).encode(), headers=headers)


def _texts(values):
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }


def wrapped(message, sender, name, number, **extra):
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number, "phone_number_id": "100000000000001"},
        "contacts": [{"profile": {"name": name}, "wa_id": sender}],
        "messages": [message],
    }
    info = {"media_url": "", "ref": "", "ref1": "", "ref2": "", "reply_to": "", "trace_id": "t"}
    return {"meta_object": {"value": value, "field": "messages"}, "extra_info": info | extra}


def wrapped_status(taken, status, at, number, **more):
    wamid = f"wamid.{taken.id}"
    told = {"id": taken.id, "status": status, "timestamp": at, "recipient_id": taken.recipient}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number, "phone_number_id": "100000000000001"},
        "statuses": [told | more],
    }
    info = {"trace_id": taken.id, "message_id": wamid, "ref": taken.correlation_id, "ref1": ""}
    return {
        "meta_object": {"value": value, "field": "messages"},
        "extra_info": info,
        "status": status,
        "message_id": wamid,
    }


def _fault_v1(fields, files, number):
    """The parameter at fault and why, or None."""
    for name in ("channel", "from", "to", "type"):
        if not fields.get(name):
            return name, "missing"
    if fields["channel"].lower() != "whatsapp":
        return "channel", "unknown"
    if fields["from"].lstrip("+") != number:
        return "from", "not a number of this account"
    if not re.fullmatch(r"\+?\d{7,15}", fields["to"]):
        return "to", "one recipient is recommended" if "," in fields["to"] else "invalid number"
    needed = MESSAGE_TYPES_V1.get(fields["type"])
    if needed is None:
        return "type", "unknown"
    for name in needed:
        if not fields.get(name):
            return name, "missing"
    if fields["type"] == "media" and not (files.get("media") or fields.get("media_url")):
        return "media", "missing"
    for name, most in LIMITS.items():
        if len(fields.get(name, "")) > most:
            return name, f"longer than {most}"
    return _fault_of_variables(fields) or _fault_of_json(fields) or _fault_of_references(fields)


def _fault_of_variables(fields):
    if "params" in fields and not QUOTED.fullmatch(fields["params"]):
        return "params", "not quoted, or with a line break"
    if "     " in fields.get("params", ""):
        return "params", "more than four spaces"
    return None


def _fault_of_json(fields):
    for name in ("action", "param_contacts"):
        try:
            json.loads(fields.get(name, "{}"))
        except ValueError:
            return name, "not JSON"
    buttons = json.loads(fields.get("action", "{}")).get("buttons", [])
    return ("action", "more than three buttons") if len(buttons) > 3 else None


def _fault_of_references(fields):
    if not fields.get("ref"):
        return "ref", "missing: the receipt could not be matched"
    address = fields.get("callback_url")
    if address and dict(parse_qsl(urlsplit(address).query)).get("ref") != fields["ref"]:
        return "callback_url", "names another message"
    return None


def _fault_v2(body):
    """What is wrong with it, or None."""
    message, extra = body.get("messaging_object"), body.get("extra_info")
    if not isinstance(message, dict) or not isinstance(extra, dict):
        return "messaging_object or extra_info is missing"
    if not extra.get("ref"):
        return "extra_info.ref is missing: the receipt could not be matched"
    if message.get("messaging_product") != "whatsapp":
        return "messaging_product is not whatsapp"
    if not re.fullmatch(r"\+?\d{7,15}", str(message.get("to"))):
        return "to is not a number"
    kind = message.get("type")
    content = message.get(kind) if isinstance(kind, str) else None
    if not content:
        return f"{kind} is missing"
    if kind == "text" and len(content.get("body", "")) > 4096:
        return "text.body is too long"
    if kind in MEDIA_V2 and not str(content.get("link", "")).startswith("http"):
        return f"{kind}.link is missing"  # ids of Meta's own uploads can't be had with this key
    return None
