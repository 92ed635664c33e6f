"""Payload files as calls of our webhook, and how each provider proves and bundles them."""

import hashlib
import json
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from webapp.providers.base import LOOK_UP
from webapp.providers.signing import sign
from webapp.providers.sinch import signing as sinch_signing
from webapp.providers.twilio import signing as twilio_signing
from webapp.providers.twilio.forms import pairs_of

PAYLOADS = Path(__file__).parent / "payloads"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
JSON = "application/json"


@dataclass(frozen=True)
class Call:
    """One webhook as it is made, still unsigned."""

    body: bytes = b""
    content_type: str = ""
    method: str = "POST"
    query: str = ""


def samples(folder):
    """Names of what the provider posts to us; answers to what we send are no webhooks."""
    names = sorted(path.stem for path in (PAYLOADS / folder).glob("[!_]*.json"))
    return [name for name in names if not name.startswith("send_")]


def call_of(folder, name):
    """A payload file as the call it stands for."""
    found = content_of(folder, name)
    if folder == "twilio":
        return form_call(found)
    if found.get("method") == "GET":
        return Call(method="GET", query=found["query_string"])
    if "method" in found:
        return json_call(found["body"])
    return Call((PAYLOADS / folder / f"{name}.json").read_bytes(), JSON)


def content_of(folder, name):
    return json.loads((PAYLOADS / folder / f"{name}.json").read_bytes())


def json_call(content):
    return Call(json.dumps(content).encode(), JSON)


def form_call(fields):
    return Call(urlencode(fields).encode(), FORM)


# How each provider proves itself


def by_digest(header, secret, url, call):
    """A digest of the body in one header."""
    return {header: sign(secret, call.body)}


def as_twilio(secret, url, call):
    form = call.content_type.startswith("application/x-www-form-urlencoded")
    pairs = pairs_of(call.body) if form else []
    return {twilio_signing.HEADER: twilio_signing.sign(secret, url, pairs)}


def as_sinch(secret, url, call, at=None):
    return sinch_signing.signed_headers(secret, call.body, uuid.uuid4().hex, at)


def as_kaleyra(secret, url, call):
    """It signs nothing: what proves a call is a secret in a header of the admin's making."""
    return {"x-webhook-token": secret}


# How each provider brings several messages


def _change_of(content):
    return content["entry"][0]["changes"][0]


def _mark(text, prefix=""):
    """An id of its own for each text."""
    return prefix + hashlib.md5(text.encode()).hexdigest()


def _with_texts(value, texts):
    """In Meta's form one call brings any number."""
    (message,) = value["messages"]
    value["messages"] = [
        {**message, "id": f"{message['id']}{_mark(text)}", "text": {"body": text}} for text in texts
    ]


def meta_texts(texts):
    content = content_of("meta", "message_text")
    _with_texts(_change_of(content)["value"], texts)
    return [json_call(content)]


def twilio_texts(texts):
    fields = content_of("twilio", "inbound_text")
    return [form_call({**fields, "MessageSid": _mark(text, "SM"), "Body": text}) for text in texts]


def sinch_texts(texts):
    content = content_of("sinch", "inbound_text")
    said = {"text_message": {"text": None}, "reply_to": None}
    return [
        json_call(
            {
                **content,
                "message": {
                    **content["message"],
                    "id": _mark(text, "01HQ"),
                    "contact_message": {**said, "text_message": {"text": text}},
                },
            }
        )
        for text in texts
    ]


def kaleyra_texts(texts):
    said = content_of("kaleyra", "v1_post_text")["body"]
    return [json_call({**said, "body": text}) for text in texts]


def kaleyra_v2_texts(texts):
    content = content_of("kaleyra", "v2_text")
    _with_texts(content["meta_object"]["value"], texts)
    return [json_call(content)]


def _in_metas_form(content, value, **changed):
    """The content with one message changed; `value` is where messages stand in it."""
    value["messages"][0].update(changed)
    return json_call(content)


def meta_unknown():
    content = content_of("meta", "message_text")
    value = _change_of(content)["value"]
    return _in_metas_form(content, value, type="hologram", hologram={"height": 2})


def sinch_unknown():
    content = content_of("sinch", "inbound_text")
    content["message"]["contact_message"] = {"hologram_message": {"height": 2}}
    return json_call(content)


def kaleyra_v2_unknown():
    content = content_of("kaleyra", "v2_text")
    value = content["meta_object"]["value"]
    return _in_metas_form(content, value, type="hologram", hologram={"height": 2})


# What is asked for instead of being brought


def twilio_record():
    said = content_of("twilio", "inbound_image_caption")
    at = "Sun, 01 Mar 2026 12:23:56 +0000"
    message = {
        "sid": said["MessageSid"],
        "account_sid": said["AccountSid"],
        "from": said["From"],
        "to": said["To"],
        "body": said["Body"],
        "num_media": "1",
        "direction": "inbound",
        "date_sent": at,
        "date_created": at,
    }
    media = {"url": said["MediaUrl0"], "content_type": said["MediaContentType0"]}
    return replace(json_call({"message": message, "media": [media]}), method=LOOK_UP)


def sinch_record():
    content = content_of("sinch", "inbound_image_caption")
    asked = {name: content[name] for name in ("app_id", "project_id", "message")}
    return replace(json_call(asked), method=LOOK_UP)
