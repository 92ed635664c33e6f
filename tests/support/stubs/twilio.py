"""A stand-in for Twilio: messages, contents, media, senders and look-ups."""

import base64
import re
import time
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.local_server import Handler, LocalServer
from tests.support.stubs import twilio_rules as rules
from tests.support.stubs.base import CUT, ProviderStub, Reply, Taken
from webapp.providers.twilio.forms import FORM
from webapp.providers.twilio.signing import HEADER, sign

VERSION = "/2010-04-01"
CUSTOMER = "15550100002"
EVENTS = {"delivered": "DELIVERED", "read": "READ", "undelivered": "UNDELIVERED"}


def fault(code, message="no", status=400):
    """An error body as Twilio documents it."""
    info = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": message, "more_info": info, "status": status}


class TwilioStub(ProviderStub):
    """`phone` among the secrets is the business number customers write to. `content_answers` are
    (status, body, seconds) for the next contents, `account` and `senders` what a check finds."""

    name = "twilio"
    secrets = {
        "account_sid": "AC0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "auth_token": "0123456789abcdef0123456789abcdef",
        "phone": "15550100001",
    }

    def __init__(self, port=0, **secrets_given):
        self.records, self.contents, self.content_answers = [], {}, []
        self.attached = {}  # message sid → its media_list
        self.page_size = 2  # so that nobody gets by with the first page
        self._drafts = {}
        self.files = _FileServer(self)
        super().__init__(port, **secrets_given)
        self.account = {
            "sid": self.secrets["account_sid"],
            "friendly_name": "Example",
            "status": "active",
            "type": "Full",
        }
        self.senders = [self.sender()]

    def close(self):
        super().close()
        self.files.close()

    def environment(self):
        return {
            "TWILIO_API_URL": self.url,
            "TWILIO_CONTENT_API_URL": self.url,
            "ALLOW_PRIVATE_ADDRESSES": "1",  # files lie on another port
        }

    def sender(self, **changes):
        """The number as the Senders API describes it, without a webhook yet."""
        return {
            "sid": "XE956f8a3a1e6c05797e152fc2b2a0729b",
            "sender_id": f"whatsapp:+{self.secrets['phone']}",
            "status": "ONLINE",
            "profile": {"name": "Example Ltd"},
            "properties": {"quality_rating": "HIGH", "messaging_limit": "10K Customers/24hr"},
            "webhook": {"callback_url": "", "callback_method": "POST", "status_callback_url": ""},
            "offline_reasons": None,
            **changes,
        }

    # What the product calls

    def handle(self, request):
        if not self._logged_in(request):
            return Reply(401, fault(20003, "Authenticate", 401))
        account = f"{VERSION}/Accounts/{self.secrets['account_sid']}"
        path = request.path.removeprefix(account)
        if path == request.path:
            return self._elsewhere(request)
        if request.method == "POST" and path == "/Messages.json":
            return self._message(request)
        if request.method != "GET":
            return self.refuse(f"{request.method} {request.path}", Reply(405, fault(20004)))
        return self._read(request, path)

    def _logged_in(self, request):
        login = f"{self.secrets['account_sid']}:{self.secrets['auth_token']}"
        given = request.headers.get("authorization", "")
        return given == "Basic " + base64.b64encode(login.encode()).decode()

    def _elsewhere(self, request):
        match request.method, request.path:
            case "POST", "/v1/Content":
                return self._content(request)
            case "GET", "/v2/Channels/Senders":
                return self._senders(request)
        return Reply(404, fault(20404, "Not found", 404))

    def _message(self, request):
        form = dict(request.form)
        rule = rules.of_message(request, self.contents)
        if rule:
            code, words = rule
            return self.refuse(words, Reply(400, fault(code, words)))
        sid = self._sid("MM" if "MediaUrl" in form else "SM")
        self._drafts[sid] = self._record(
            sid, form["From"], form["To"], form.get("Body", ""), "outbound-api",
            status="queued", num_media="1" if "MediaUrl" in form else "0",
        )  # fmt: skip
        callback = form.get("StatusCallback", "")
        taken = Taken(
            id=sid,
            recipient=form["To"].removeprefix("whatsapp:").lstrip("+"),
            correlation_id=dict(parse_qsl(urlsplit(callback).query)).get("c", ""),
            callback_url=callback.partition("#")[0],
            kind=rules.kind_of(form),
            text=form.get("Body", ""),
            body=form,
        )
        return self.take(taken, Reply(201, self._drafts[sid]))

    def _note(self, taken):
        self.records.insert(0, self._drafts[taken.id])
        super()._note(taken)

    def _content(self, request):
        given = request.json if isinstance(request.json, dict) else {}
        rule = rules.of_content(given)
        if rule:
            return self.refuse(rule, Reply(400, fault(20001, rule)))
        status, body, seconds = self.content_answers.pop(0) if self.content_answers else (201, 0, 0)
        time.sleep(seconds)
        if status == CUT:
            return None
        if status >= 300:
            return Reply(status, body)
        sid = self._sid("HX")
        self.contents[sid] = given
        return Reply(201, {**given, "sid": sid, "account_sid": self.secrets["account_sid"]})

    def _senders(self, request):
        if request.query.get("Channel") != "whatsapp":
            return self.refuse("Channel is required", Reply(400, fault(20001)))
        meta = {"key": "senders", "page": 0, "page_size": 100, "next_page_url": None}
        return Reply(200, {"senders": self.senders, "meta": meta})

    def _read(self, request, path):
        if path == ".json":
            return Reply(200, self.account)
        if path == "/Messages.json":
            return self._list(request)
        match = re.fullmatch(r"/Messages/(\w+)(\.json|/Media\.json|/Media/(\w+))", path)
        record = next((one for one in self.records if match and one["sid"] == match[1]), None)
        if match and match[3] in self.media:
            return Reply(307, b"", {"Location": f"{self.files.url}/{match[3]}"})
        if record is None or match[3]:
            return Reply(404, fault(20404, "The requested resource was not found", 404))
        if match[2] == ".json":
            return Reply(200, record)
        media = self.attached.get(record["sid"], [])
        return Reply(200, {"media_list": media, "next_page_uri": None})

    def _list(self, request):
        """The newest first, in small pages."""
        wanted = request.query
        found = [
            record
            for record in self.records
            if wanted.get("To") in (None, record["to"])
            and wanted.get("From") in (None, record["from"])
            and wanted.get("DateSent") in (None, _day_of(record["date_sent"]))
        ]
        page, size = int(wanted.get("Page", 0)), self.page_size
        start = page * size
        more = urlencode({**wanted, "Page": page + 1})
        return Reply(
            200,
            {
                "messages": found[start : start + size],
                "next_page_uri": f"{request.path}?{more}" if found[start + size :] else None,
            },
        )

    # What the product is called with

    def say(self, webhook_url, text="", **more):
        """`file=(content, MIME type)`; anything else is a field of the webhook. `lost=True`: it is
        kept here and the webhook never comes; asked for only once it is two minutes old (`at`)."""
        fields = self.written(text, **more)
        return 0 if more.get("lost") else self.call(webhook_url, fields)

    def written(self, text="", file=None, sender=CUSTOMER, name="Ann Example", at=None, **fields):
        fields.pop("lost", None)
        sid = self._sid("MM" if file else "SM")
        to = f"whatsapp:+{self.secrets['phone']}"
        who = f"whatsapp:+{sender}" if sender.isdigit() else f"whatsapp:{sender}"
        self.records.insert(
            0,
            self._record(
                sid, who, to, text, "inbound",
                status="received", num_media="1" if file else "0", at=at,
            ),
        )  # fmt: skip
        said = {
            "SmsMessageSid": sid,
            "NumMedia": "1" if file else "0",
            "ProfileName": name,
            "MessageType": "text",
            "SmsSid": sid,
            "SmsStatus": "received",
            "Body": text,
            "To": to,
            "NumSegments": "1",
            "ReferralNumMedia": "0",
            "MessageSid": sid,
            "AccountSid": self.secrets["account_sid"],
            "From": who,
            "ApiVersion": "2010-04-01",
            **({"WaId": sender} if sender.isdigit() else {}),
            **(self._attach(sid, *file) if file else {}),
        }
        return {**said, **fields}

    def receipt(self, webhook_url, taken, status, code="", **more):
        """`more` are further fields, such as MessageStatus=undelivered."""
        record = next((one for one in self.records if one["sid"] == taken.id), None)
        if record is not None:
            record.update(status=status, error_code=int(code) if code else None)
        fields = {
            "ChannelPrefix": "whatsapp",
            "ApiVersion": "2010-04-01",
            "MessageStatus": status,
            "SmsStatus": status,
            "SmsSid": taken.id,
            "MessageSid": taken.id,
            "AccountSid": self.secrets["account_sid"],
            "From": f"whatsapp:+{self.secrets['phone']}",
            "To": taken.body["To"] if taken.body else f"whatsapp:+{taken.recipient}",
            "StructuredMessage": "false",
            **({"EventType": EVENTS[status]} if status in EVENTS else {}),
            **({"ErrorCode": str(code)} if code else {}),
        }
        return self.call(taken.callback_url or webhook_url, {**fields, **more})

    def call(self, url, fields):
        """What stands behind the # is for Twilio alone: neither called nor signed."""
        url = url.partition("#")[0]
        signature = sign(self.secrets["auth_token"], url, fields.items())
        headers = {"Content-Type": FORM, HEADER.title(): signature}
        return self.post(url, data=urlencode(fields), headers=headers)

    def _attach(self, message_sid, content, mime_type):
        sid = self._sid("ME")
        self.media[sid] = (content, mime_type)
        account = f"{VERSION}/Accounts/{self.secrets['account_sid']}"
        uri = f"{account}/Messages/{message_sid}/Media/{sid}"
        entry = {"sid": sid, "content_type": mime_type, "uri": f"{uri}.json"}
        self.attached.setdefault(message_sid, []).append(entry)
        return {"MediaUrl0": self.url + uri, "MediaContentType0": mime_type}

    def _record(self, sid, sender, to, body, direction, *, status, num_media, at=None):
        now = formatdate(at.timestamp() if at else time.time(), localtime=False).replace(
            "-0000", "+0000"
        )
        return {
            "sid": sid, "account_sid": self.secrets["account_sid"], "from": sender, "to": to,
            "body": body, "status": status, "direction": direction, "num_media": num_media,
            "error_code": None, "error_message": None, "messaging_service_sid": None,
            "date_created": now, "date_updated": now,
            "date_sent": now if direction == "inbound" else None,
        }  # fmt: skip

    def _sid(self, prefix):
        number = self.number()
        return prefix + number.encode().hex().rjust(32, "0")[-32:]


class _FileServer(LocalServer):
    """Where the API's answer leads: a host of its own, to which no login may travel."""

    def __init__(self, stub):
        class Answering(Handler):
            def do_GET(self):
                content, mime_type = stub.media.get(self.path.lstrip("/"), (b"", "text/plain"))
                if self.headers["Authorization"]:
                    stub.broken_rules.append("The login travelled to another host")
                self.send_response(200)
                self.send_header("Content-Type", mime_type)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.listen(Answering)


def _day_of(date):
    return date and parsedate_to_datetime(date).date().isoformat()
