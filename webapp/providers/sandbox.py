"""The fake WhatsApp phone as a provider: nothing leaves, everything else is as with Meta.

What the pretend customer does is asked of `settings["SANDBOX_PHONE"]`, an object called without
an open transaction: `behaviour(recipient) -> str`, `accepted(recipient, message_id,
correlation_id, command)` and `file(media_id) -> binary file or None`. Webhooks have Meta's shape,
signed with a secret of our own; it takes what Meta takes.
"""

import base64
import hashlib
import io
import time
import uuid
from dataclasses import replace

import orjson

from . import limits
from .base import (
    CheckLine,
    CredentialField,
    FetchedMedia,
    Identity,
    IdentityKind,
    MediaRef,
    OutcomeUnknown,
    Problem,
    Provider,
    ProviderError,
    Sent,
    TemplateDraft,
    TemplateState,
    WebhookRequest,
)
from .meta import template_rules
from .meta.capabilities import CAN
from .meta.meanings import may_pass_later, meaning_of
from .meta.parsing import OBJECT, events_of
from .reading import only_statuses
from .signing import sign, verify

SIGNATURE = "X-Parley-Signature-256"
READ, DELIVERED, SENT, TWICE, NO_ANSWER = "read", "delivered", "sent", "twice", "no_answer"
MESSAGES_A_SECOND = 100  # to watch a campaign go, not to measure anything
REFUSED = "refused:"  # followed by one of Meta's codes
SWITCHED_OFF = "The sandbox is switched off"
BEHAVIOURS = (READ, DELIVERED, SENT, "refused:131026", "refused:131047", TWICE, NO_ANSWER)


class Sandbox(Provider):
    name = "sandbox"
    label = "Sandbox"
    summary = "A pretend phone in the page, to try everything out"
    can = replace(
        CAN,
        addresses=(IdentityKind.WA_ID, IdentityKind.PHONE),  # a pretend phone has a number
    )
    needs_public_url = False
    template_rules = template_rules.RULES
    form_fields = (
        CredentialField("phone_number_id", "Pretend number's ID", generated=True),
        CredentialField("webhook_secret", "Webhook secret", True, generated=True, rotates=True),
    )

    def verify(self, request: WebhookRequest) -> None:
        known = self.credentials
        secrets = (known.get("webhook_secret"), known.get("webhook_secret_previous"))
        verify(request, SIGNATURE.lower(), secrets)

    def only_receipts(self, request: WebhookRequest) -> bool:
        return only_statuses(request.body)

    def parse(self, request: WebhookRequest) -> list:
        return events_of(request.body, request.received_at)

    def send(self, command, correlation_id: str) -> Sent:
        limits.check(command, self.can)
        phone, recipient = self.settings.get("SANDBOX_PHONE"), command.to
        if phone is None:
            raise ProviderError(SWITCHED_OFF, permanent=True)
        behaviour = phone.behaviour(recipient)
        if behaviour.startswith(REFUSED):
            raise _refusal(behaviour.removeprefix(REFUSED))
        message_id = f"sandbox.{uuid.uuid4()}"
        phone.accepted(recipient, message_id, correlation_id, command)
        if behaviour == NO_ANSWER:
            raise OutcomeUnknown("The provider did not answer in time")
        return Sent(message_id, (Identity(IdentityKind.WA_ID, recipient.phone),))

    @staticmethod
    def may_pass_later(code: str) -> bool:
        return may_pass_later(code)

    def throughput(self, facts) -> int:
        return MESSAGES_A_SECOND

    @staticmethod
    def meaning(code: str):
        return meaning_of(code)

    def template_problems(self, draft: TemplateDraft) -> list[Problem]:
        return template_rules.problems(draft)

    def fetch_media(self, media: MediaRef) -> FetchedMedia:
        phone = self.settings.get("SANDBOX_PHONE")
        if phone is None:
            raise ProviderError(SWITCHED_OFF, permanent=False)
        file = phone.file(media.id)
        if file is None:
            raise ProviderError("The sandbox phone no longer has this file", permanent=True)
        digest = hashlib.file_digest(file, "sha256")
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        matches = base64.b64encode(digest.digest()).decode() == media.sha256
        return FetchedMedia(file, media.mime_type, size, digest.hexdigest(), matches)

    def create_template(self, draft: TemplateDraft) -> TemplateState:
        return _pending(draft, f"sandbox.{uuid.uuid4()}")

    def edit_template(self, draft: TemplateDraft) -> TemplateState:
        return _pending(draft, draft.provider_id or "")

    def delete_template(self, provider_id, name, language, all_languages=False) -> None:
        """The rows of the product are all the sandbox has."""

    def check(self) -> list[CheckLine]:
        ready = self.settings.get("SANDBOX_PHONE") is not None
        if ready:
            return [CheckLine("Sandbox", True, "The sandbox phone is ready.")]
        mend = "An admin starts the server with SANDBOX=1, or removes this account."
        return [CheckLine("Sandbox", False, "The sandbox is switched off.", mend)]


def _pending(draft, template_id):
    """The pretend reviewer looks at it in a few seconds."""
    return TemplateState(
        id=template_id,
        name=draft.name,
        language=draft.language,
        status="pending",
        provider_status="PENDING",
        category=draft.category,
        parameter_format=draft.parameter_format,
    )


def _refusal(code):
    meaning = meaning_of(code)
    return ProviderError(
        meaning.reason, meaning.permanent, code, meaning.retry_after, meaning.action
    )


def inbound_text_body(
    phone_number_id, sender, text, *, name="", message_id=None, at=None, reply_to=None
) -> bytes:
    said = {"type": "text", "text": {"body": text}}
    return inbound_body(phone_number_id, sender, said, name, message_id, at, reply_to)


def inbound_image_body(
    phone_number_id, sender, media_id, picture: bytes, mime_type="image/jpeg",
    *, caption="", name="", message_id=None, at=None, reply_to=None,
) -> bytes:  # fmt: skip
    said = file_said("image", media_id, picture, mime_type, caption=caption)
    return inbound_body(phone_number_id, sender, said, name, message_id, at, reply_to)


def file_said(kind, media_id, content: bytes, mime_type, **more) -> dict:
    """`content` is only digested: its bytes are fetched afterwards, as from Meta. `more` is what
    Meta writes beside: caption, filename, voice."""
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    beside = {name: value for name, value in more.items() if value}
    file = {"id": media_id, "mime_type": mime_type, "sha256": digest, **beside}
    return {"type": kind, kind: file}


def inbound_body(
    phone_number_id, sender, said, name="", message_id=None, at=None, reply_to=None
) -> bytes:
    """`said` is the message's type and what stands under it, in Meta's words."""
    message = {
        "from": sender,
        "id": message_id or f"sandbox.{uuid.uuid4()}",
        "timestamp": _seconds(at),
        **said,
    }
    if reply_to:
        message["context"] = {"id": reply_to}
    card = {"wa_id": sender, "profile": {"name": name}}
    return _body(phone_number_id, {"contacts": [card], "messages": [message]})


def status_body(
    phone_number_id, message_id, status, recipient, *, at=None, correlation_id=None, code=None
) -> bytes:
    receipt = {
        "id": message_id,
        "status": status,
        "timestamp": _seconds(at),
        "recipient_id": recipient,
    }
    if correlation_id:
        receipt["biz_opaque_callback_data"] = correlation_id
    if code:
        receipt["errors"] = [{"code": int(code), "title": meaning_of(code).reason}]
    return _body(phone_number_id, {"statuses": [receipt]})


def review_body(template_id, name, language, event, reason="NONE", at=None) -> bytes:
    value = {
        "event": event,
        "message_template_id": template_id,
        "message_template_name": name,
        "message_template_language": language,
        "reason": reason,
    }
    change = {"field": "message_template_status_update", "value": value}
    entry = {"id": "sandbox", "time": int(_seconds(at)), "changes": [change]}
    return orjson.dumps({"object": OBJECT, "entry": [entry]})


def _seconds(at):
    return str(int(at.timestamp() if at else time.time()))


def _body(phone_number_id, parts):
    number = {"phone_number_id": phone_number_id, "display_phone_number": ""}
    value = {"messaging_product": "whatsapp", "metadata": number, **parts}
    entry = {"id": "sandbox", "changes": [{"field": "messages", "value": value}]}
    return orjson.dumps({"object": OBJECT, "entry": [entry]})


def signed_headers(secret: str, body: bytes) -> dict[str, str]:
    return {"Content-Type": "application/json", SIGNATURE: sign(secret, body)}
