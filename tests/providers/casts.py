"""What differs from provider to provider in tests that are the same for all: one entry each.

Adding a provider to these tests is its folder of payloads and its entry in CASTS.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import parse_qsl

from tests.support.stubs.twilio import fault as twilio_fault
from webapp.providers import provider_for
from webapp.providers.base import WebhookRequest
from webapp.providers.twilio.signing import HEADER as TWILIO_HEADER

from . import calls
from .calls import Call

NOBODY = "http://127.0.0.1:1"
SETTINGS = {
    "META_API_URL": NOBODY,
    "META_API_VERSION": "v26.0",
    "TWILIO_API_URL": NOBODY,
    "TWILIO_CONTENT_API_URL": NOBODY,
    "SINCH_API_URL": NOBODY,
    "SINCH_AUTH_URL": NOBODY,
    "KALEYRA_API_URL": NOBODY,
}
COLUMNS = ("phone_number_id", "waba_id", "app_id")


@dataclass(frozen=True)
class Cast:
    """`prove(secret, url, call)` gives the headers that show who calls; `batch(texts)` the calls
    that bring these texts, in as few as the provider may make; `novelty` is news that no
    documentation knows, `unknown_kind` a customer's message of a kind that nobody knows; `errors`
    are answers to a send as the provider words them: refused, later, auth, rate."""

    provider: str
    credentials: dict
    phone: str
    secret: str  # which of the credentials proves a webhook
    header: str  # where the proof stands
    prove: Callable
    text: str  # the sample of a customer's text
    batch: Callable
    novelty: Call
    unknown_kind: Call
    record: Call | None = None  # a customer's message as the provider gives it when asked
    errors: dict = field(default_factory=dict)
    folder: str = ""  # of payloads, where it is another provider's
    signs_body: bool = True
    own_address: bool = True  # this provider may be asked for files and messages by HTTP

    @property
    def columns(self):
        """The settings that are an account's columns."""
        known = {name: self.credentials[name] for name in COLUMNS if name in self.credentials}
        return {"phone": self.phone, **known}

    @property
    def secrets(self):
        return {name: value for name, value in self.credentials.items() if name not in COLUMNS}

    def samples(self):
        """Every payload file by name, as the provider makes the call."""
        return {name: self.call(name) for name in calls.samples(self.folder or self.provider)}

    def call(self, name):
        return calls.call_of(self.folder or self.provider, name)

    def provider_at(self, credentials=None):
        """The provider itself, which reaches nobody."""
        known = FakeAccount(self.provider, self.credentials if credentials is None else credentials)
        return provider_for(known, {**SETTINGS, "PHONE": self.phone})

    def request(self, call, secret=None, url="https://chat.example/webhooks/x/t0ken"):
        """The call as the door hands it on; signed with the account's own secret, another or,
        where that is empty, not at all."""
        secret = self.credentials[self.secret] if secret is None else secret
        url += f"?{call.query}" if call.query else ""
        headers = {"content-type": call.content_type} if call.content_type else {}
        proof = self.prove(secret, url, call) if secret else {}
        query = dict(parse_qsl(call.query, keep_blank_values=True))
        return WebhookRequest(call.method, url, headers | proof, call.body, query)


@dataclass
class FakeAccount:
    """What a provider needs of an account; nothing here needs the database."""

    provider: str
    credentials: dict


def _sinch_error(status, word):
    return status, {"error": {"code": status, "message": word, "status": word, "details": []}}


def _meta_error(code, status=400):
    return status, {"error": {"message": "no", "type": "OAuthException", "code": code}}


META = Cast(
    provider="meta",
    credentials={
        "phone_number_id": "105555020088002",
        "waba_id": "104555010077001",
        "app_id": "100200300400",
        "access_token": "EAAtoken",
        "app_secret": "0123456789abcdef0123456789abcdef",
        "verify_token": "RIGHT",
    },
    phone="15550100200",
    secret="app_secret",
    header="x-hub-signature-256",
    prove=partial(calls.by_digest, "x-hub-signature-256"),
    text="message_text",
    batch=calls.meta_texts,
    novelty=calls.call_of("meta", "unknown_field"),
    unknown_kind=calls.meta_unknown(),
    errors={
        "refused": [_meta_error(131026)],
        "later": [_meta_error(131000, 500)],
        "auth": [_meta_error(190, 401)],
        "rate": [_meta_error(130429, 429)],
    },
)
TWILIO = Cast(
    provider="twilio",
    credentials={
        "account_sid": "AC0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "auth_token": "0123456789abcdef0123456789abcdef",
    },
    phone="15550100001",
    secret="auth_token",
    header=TWILIO_HEADER,
    prove=calls.as_twilio,
    text="inbound_text",
    batch=calls.twilio_texts,
    record=calls.twilio_record(),
    novelty=calls.form_call({"EventType": "hologram.seen"}),
    unknown_kind=calls.form_call(
        {**calls.content_of("twilio", "inbound_text"), "Body": "", "MessageType": "hologram"}
    ),
    errors={
        "refused": [(400, twilio_fault(21211))],
        "later": [(503, twilio_fault(20503, status=503))],
        "auth": [(401, twilio_fault(20003, status=401))],
        "rate": [(429, twilio_fault(20429, status=429))],
    },
)
SINCH = Cast(
    provider="sinch",
    credentials={
        "region": "eu",
        "project_id": "c36f3d3d-1523-4edd-ae42-000000000001",
        "app_id": "01HQ0000000000000000000APP",
        "key_id": "key-1",
        "key_secret": "key-secret-1",
        "webhook_secret": "webhook-secret-1",
    },
    phone="15550100001",
    secret="webhook_secret",
    header="x-sinch-webhook-signature",
    prove=calls.as_sinch,
    text="inbound_text",
    batch=calls.sinch_texts,
    record=calls.sinch_record(),
    novelty=calls.json_call(
        {"app_id": "01HQ0000000000000000000APP", "hologram_notification": {"id": "1"}}
    ),
    unknown_kind=calls.sinch_unknown(),
    errors={
        "refused": [_sinch_error(400, "INVALID_ARGUMENT")],
        "later": [_sinch_error(503, "UNAVAILABLE")],
        "auth": [_sinch_error(401, "UNAUTHENTICATED")] * 2,  # it asks once more with a new token
        "rate": [_sinch_error(429, "RESOURCE_EXHAUSTED")],
    },
)
KALEYRA = Cast(
    provider="kaleyra",
    credentials={
        "region": "in",
        "sid": "HXAP00000000IN",
        "api_key": "A0000key",
        "waba_id": "100000000000002",
        "api_version": "v1",
        "callback_secret": "between-us",
    },
    phone="15550100001",
    secret="callback_secret",
    header="x-webhook-token",
    prove=calls.as_kaleyra,
    signs_body=False,
    text="v1_post_text",
    batch=calls.kaleyra_texts,
    novelty=calls.json_call({"hologram": "seen"}),
    unknown_kind=calls.json_call(
        {**calls.content_of("kaleyra", "v1_post_text")["body"], "type": "hologram", "body": ""}
    ),
    errors={
        "refused": [(400, {"error": {"to": "invalid number"}})],
        "later": [(503, {"code": "E500", "message": "Try again"})],
        "auth": [(401, {"code": "RBC001", "message": "Invalid SID or API key"})],
        "rate": [(429, {"message": "Too many requests"})],
    },
)
KALEYRA_V2 = replace(
    KALEYRA,
    credentials=KALEYRA.credentials | {"api_version": "v2"},
    text="v2_text",
    batch=calls.kaleyra_v2_texts,
    novelty=calls.json_call({"meta_object": {"field": "holograms", "value": {"seen": 1}}}),
    unknown_kind=calls.kaleyra_v2_unknown(),
)
SANDBOX = Cast(
    provider="sandbox",
    folder="meta",  # its webhooks have Meta's shape
    credentials={"phone_number_id": "105555020088002", "webhook_secret": "sandbox-secret"},
    phone="15550100200",
    secret="webhook_secret",
    header="x-parley-signature-256",
    prove=partial(calls.by_digest, "x-parley-signature-256"),
    text="message_text",
    batch=calls.meta_texts,
    novelty=META.novelty,
    unknown_kind=META.unknown_kind,
    errors={"refused": ["refused:131026"], "later": ["refused:131000"]},
    own_address=False,
)
CASTS = {
    "meta": META,
    "twilio": TWILIO,
    "sinch": SINCH,
    "kaleyra v1": KALEYRA,
    "kaleyra v2": KALEYRA_V2,
    "sandbox": SANDBOX,
}
