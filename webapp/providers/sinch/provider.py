"""Sinch as a provider: signature, sending, files, look-ups, the account's check."""

from collections.abc import Iterable
from datetime import datetime

import orjson

from .. import limits
from ..base import (
    BadSignature,
    Capabilities,
    CheckLine,
    CredentialField,
    FetchedMedia,
    FileRule,
    Found,
    MediaRef,
    MessageKind,
    OutcomeUnknown,
    Provider,
    Sent,
    Sought,
    WebhookRequest,
)
from ..reading import clean, dict_of, text_of
from . import checking, looking_up, media, signing
from .api import REGIONS, Api
from .guide import GUIDE
from .outgoing import request_of
from .parsing import events_of

MB = 1024 * 1024
AUDIO = ("audio/aac", "audio/amr", "audio/mp4", "audio/mpeg", "audio/ogg")
# developers.sinch.com/docs/conversation/channel-support/whatsapp/message-support
FILES = {
    MessageKind.IMAGE: FileRule(("image/jpeg", "image/png"), 5 * MB),
    MessageKind.VIDEO: FileRule(("video/mp4", "video/3gpp"), 16 * MB),
    MessageKind.AUDIO: FileRule(AUDIO, 16 * MB),
    # There is no flag for it: WhatsApp shows OGG with Opus as a voice note.
    MessageKind.VOICE: FileRule(("audio/ogg",), 16 * MB),
    MessageKind.DOCUMENT: FileRule((), 100 * MB),
    MessageKind.STICKER: FileRule(("image/webp",), 100 * 1024),
}
KINDS = {
    MessageKind.TEXT,
    MessageKind.LOCATION,
    MessageKind.CONTACTS,
    MessageKind.INTERACTIVE,
    MessageKind.TEMPLATE,
    *FILES,
}
UUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


class Sinch(Provider):
    name = "sinch"
    label = "Sinch"
    summary = "Conversation API, the successor of Sinch's WhatsApp API"
    guide = GUIDE
    # No field for a quotation, a reaction or a read mark is documented for WhatsApp, and a file's
    # caption has no place: the composer sends it as a message of its own.
    can = Capabilities(
        kinds=frozenset(KINDS), files=FILES, looks_up=True, templates=True, quotes=False
    )
    form_fields = (
        CredentialField(
            "region", "Region", choices=REGIONS, hint="Where the app was made; it can't be moved."
        ),
        CredentialField(
            "project_id",
            "Project ID",
            hint="Sinch dashboard, Settings, Projects: with hyphens.",
            shape=(UUID, "A project ID has 36 signs, like c36f3d3d-1523-4edd-ae42-000000000001."),
        ),
        CredentialField(
            "app_id",
            "App ID",
            hint="Sinch dashboard, Conversation API, Apps.",
            shape=(r"[0-9A-Za-z]{1,64}", "An app ID is letters and digits without hyphens."),
        ),
        CredentialField("key_id", "Key ID", hint="Sinch dashboard, Access keys."),
        CredentialField(
            "key_secret", "Key secret", secret=True, hint="Shown once, when the key is made."
        ),
        CredentialField(
            "webhook_secret",
            "Webhook secret",
            secret=True,
            rotates=True,
            hint="Long and random; the same as at the app's webhook. Proves that webhooks come "
            "from Sinch.",
        ),
    )

    def __init__(self, credentials, http, settings):
        super().__init__(credentials, http, settings)
        self.api = Api(credentials, http, settings)

    def verify(self, request: WebhookRequest) -> None:
        known = self.credentials
        signing.verify(request, (known.get("webhook_secret"), known.get("webhook_secret_previous")))
        self._refuse_others(request.body)

    def _refuse_others(self, body):
        """Two apps may share a secret, not messages. Some news name no app or no project."""
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            return  # signed by Sinch all the same: kept and shown to admins
        for part in found if isinstance(found, list) else [found]:
            for name, ours in (("app_id", self.api.app_id), ("project_id", self.api.project_id)):
                named = text_of(dict_of(part).get(name))
                if named and ours and named.lower() != ours.lower():
                    raise BadSignature(f"The webhook is for another {name}, not this account's")

    def parse(self, request: WebhookRequest) -> list:
        return events_of(request.body, request.received_at)

    def send(self, command, correlation_id: str) -> Sent:
        # Beyond WhatsApp's limits Sinch sends plain text in place of buttons, without a word.
        limits.check(command, self.can)
        payload = request_of(self.api.app_id, command, correlation_id)
        answer = self.api.post(("messages:send",), payload)
        message_id = text_of(dict_of(clean(answer.data)).get("message_id"))
        if not message_id:
            raise OutcomeUnknown(f"Sinch answered HTTP {answer.status} without a message id")
        return Sent(message_id)

    def fetch_media(self, media_ref: MediaRef) -> FetchedMedia:
        private_ok = bool(self.settings.get("ALLOW_PRIVATE_ADDRESSES"))
        return media.fetch_media(self.api, media_ref, private_ok)

    def profile_name(self, ref: str) -> str:
        return looking_up.profile_name(self.api, ref)

    def look_up(self, sought: Sought) -> Found | None:
        return looking_up.look_up(self.api, sought)

    def missed(self, since: datetime) -> Iterable[bytes]:
        return looking_up.missed(self.api, since)

    def check(self) -> list[CheckLine]:
        return checking.check(self.api, self.credentials, self.settings)
