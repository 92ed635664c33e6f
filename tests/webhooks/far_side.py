"""The provider's side of an account: its stand-in, whose calls come through our own door."""

import base64
import hashlib
import io
import uuid
from dataclasses import replace
from urllib.parse import urlsplit

from sqlalchemy import select

from tests.factories import make_account, save
from tests.providers.calls import Call
from tests.support.local_server import Handler, LocalServer
from tests.support.stubs import stub_class
from tests.support.stubs.base import CUT, Reply, Taken
from tests.webhooks.callers import PUBLIC_URL, ring
from webapp import media_store
from webapp.accounts.access_points import provider_of
from webapp.extensions import db
from webapp.inbox import sending
from webapp.inbox.models import Message
from webapp.providers import sandbox
from webapp.providers.twilio import interactive
from webapp.sandbox.models import SandboxCustomer, SandboxReceipt
from webapp.sandbox.phone import file_key
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

CUSTOMER = "15550142233"


class FarSide:
    """`says`, `sends_file` and `tells` post as the provider does and give the door's answer;
    `again()` posts the last call once more. `taken` are the messages that it accepted."""

    def __init__(self, cast, client, queue):
        self.cast, self.client = cast, client
        self.stub = self._start()
        self.account = make_account(
            queue,
            cast.provider,
            **cast.columns,
            credentials=cast.secrets | self.own_credentials,
        )

    own_credentials = {}

    def _start(self):
        if "key_id" in self.cast.credentials:  # tokens are kept by key for the whole process
            self.own_credentials = {"key_id": f"key-{uuid.uuid4().hex}"}
        known = self.cast.credentials | self.own_credentials
        stub = stub_class(self.cast.provider)(
            **known, phone=self.cast.phone, number=self.cast.phone
        )
        stub.post = self._post
        return stub

    def environment(self):
        return {**self.stub.environment(), "ALLOW_PRIVATE_ADDRESSES": True}

    def close(self):
        self.stub.close()
        for sid in getattr(self.stub, "contents", ()):
            interactive.forget(sid)  # another test's stand-in may get the same port
        assert self.stub.broken_rules == []

    @property
    def address(self):
        return PUBLIC_URL + self.account.webhook_path

    @property
    def secrets(self):
        """What only this provider may see; a region or a version is none."""
        fields = provider_of(self.account).form_fields
        return [self.account.credentials[field.name] for field in fields if field.secret]

    @property
    def taken(self):
        return self.stub.taken

    def drain(self):
        draining.drain(self.account.id)
        db.session.expire_all()

    def says(self, text, **more):
        form = {"form": "v2"} if self.cast.credentials.get("api_version") == "v2" else {}
        return self.stub.say(self.address, text, sender=CUSTOMER, **form, **more)

    def tells(self, status, taken):
        return self.stub.receipt(self.address, taken, status)

    def sends_file(self, content, mime_type):
        return _FILES[self.cast.provider](self, content, mime_type)

    def leads_files_to(self, elsewhere):
        """Where a file lies, there is a redirect to another host."""
        if hasattr(self.stub, "files"):
            self.stub.files.url = elsewhere.url
        else:
            away = Reply(302, b"", {"Location": f"{elsewhere.url}/file"})
            self.stub.hosted = lambda request: away

    def will_answer(self, how):
        for status, body in self.cast.errors[how]:
            headers = {"Retry-After": "7"} if how == "rate" else {}
            self.stub.fail_next(status, body, headers=headers)

    def will_not_answer(self, status=CUT):
        """The connection is cut, or some gateway before the provider answers."""
        self.stub.fail_next(status, "<html>Bad gateway</html>")

    def will_answer_well(self):
        self.stub.answers.clear()

    def as_taken(self, correlation_id):
        """The message of a call whose answer got lost."""
        return next(one for one in self.taken if one.correlation_id == correlation_id)

    def has_sent(self, taken):
        """It left, as whoever asks is told; until then Twilio says that it is queued."""
        for record in getattr(self.stub, "records", ()):
            if record["sid"] == taken.id:
                record["status"] = "sent"

    def again(self):
        return self._call(*self._last)

    def _post(self, url, *, data, headers, method="POST"):
        self._last = url, data, headers, method
        return self.again()

    def _call(self, url, data, headers, method):
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self.client.open(path, method=method, data=data, headers=headers).status_code


class SandboxSide(FarSide):
    """The pretend phone: nothing stands between it and us but our own door."""

    def _start(self):
        save(SandboxCustomer(name="Dana", phone=CUSTOMER))
        return

    def environment(self):
        return {}

    def close(self):
        pass

    @property
    def taken(self):
        """What reached the phone, in order; it owes a receipt for each."""
        db.session.rollback()
        found = db.session.scalars(select(SandboxReceipt).order_by(SandboxReceipt.id))
        named = {row.message_id: Taken(row.message_id, row.recipient, row.correlation_id)
                 for row in found}  # fmt: skip
        return list(named.values())

    def says(self, text):
        body = sandbox.inbound_text_body(self._number, CUSTOMER, text)
        return self._ring(body)

    def tells(self, status, taken):
        body = sandbox.status_body(
            self._number, taken.id, status, taken.recipient, correlation_id=taken.correlation_id
        )
        return self._ring(body)

    def sends_file(self, content, mime_type):
        media_store.put(file_key("77"), io.BytesIO(content))
        body = sandbox.inbound_image_body(self._number, CUSTOMER, "77", content, mime_type)
        return self._ring(body)

    def will_answer(self, how):
        self._behave(*self.cast.errors[how])

    def will_not_answer(self, status=CUT):
        self._behave(sandbox.NO_ANSWER)

    def will_answer_well(self):
        self._behave(sandbox.READ)

    def as_taken(self, correlation_id):
        return Taken("sandbox.lost", CUSTOMER, correlation_id)

    def again(self):
        return ring(self.client, self.account, self._last).status_code

    @property
    def _number(self):
        return self.cast.credentials["phone_number_id"]

    def _behave(self, behaviour):
        db.session.query(SandboxCustomer).update({"behaviour": behaviour})
        db.session.commit()

    def _ring(self, body):
        self._last = Call(body, "application/json")
        return self.again()


class Elsewhere(LocalServer):
    """Another host, which notes what it was asked with."""

    def __init__(self, content, mime_type):
        self.asked = asked = []

        class Answering(Handler):
            def do_GET(self):
                asked.append(f"{self.path}\n{self.headers}")
                self.send_response(200)
                self.send_header("Content-Type", mime_type)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.listen(Answering)


def side_of(cast, client, queue):
    return (FarSide if cast.own_address else SandboxSide)(cast, client, queue)


def write(talk, author, text="Good day"):
    with unit_of_work():
        return sending.write(talk, author, text, f"key-{text}").id


def message_of(id):
    """As it stands in the database by now."""
    db.session.expire_all()
    return db.session.get(Message, id)


def without_our_id(taken):
    """The receipt of a provider that lost our correlation id: its own id is all there is."""
    return replace(taken, correlation_id="", callback_url="")


# How each provider brings a file


def _meta_file(side, content, mime_type):
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    side.stub.media["/media/77"] = (content, mime_type)
    image = {"id": "77", "mime_type": mime_type, "sha256": digest}
    return side.says("", type="image", image=image)


def _twilio_file(side, content, mime_type):
    return side.says("", file=(content, mime_type), MessageType="image")


def _sinch_file(side, content, mime_type):
    side.stub.media["/media/7f3a.jpg"] = (content, mime_type)
    file = {"url": f"{side.stub.url}/media/7f3a.jpg", "thumbnail_url": ""}
    return side.says("", said={"media_message": file})


def _kaleyra_file(side, content, mime_type):
    url = side.stub.url + side.stub.host(content, mime_type)
    if side.cast.credentials["api_version"] == "v1":
        return side.says("", kind="image", media_url=url, mime_type=mime_type)
    image = {"id": "1000000001", "mime_type": mime_type}
    return side.says("", v2={"type": "image", "image": image}, media_url=url)


_FILES = {
    "meta": _meta_file,
    "twilio": _twilio_file,
    "sinch": _sinch_file,
    "kaleyra": _kaleyra_file,
}
