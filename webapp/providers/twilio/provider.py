"""Twilio as a provider: what it can do, and where each part of it is done."""

from collections.abc import Iterable
from datetime import datetime

from ..base import (
    BadSignature,
    Capabilities,
    CheckLine,
    CredentialField,
    FetchedMedia,
    FileRule,
    Found,
    IdentityKind,
    MediaRef,
    MessageKind,
    Provider,
    Sent,
    Sought,
    WebhookRequest,
)
from . import asking, checking, media, sending, signing
from .api import Api
from .forms import NotAForm, fields_of
from .guide import GUIDE
from .parsing import events_of

MB = 1024 * 1024
# twilio.com/docs/whatsapp/guidance-whatsapp-media-messages
FILES = {
    MessageKind.IMAGE: FileRule(("image/jpeg", "image/png"), 5 * MB),
    MessageKind.VIDEO: FileRule(("video/mp4",), 16 * MB),
    MessageKind.AUDIO: FileRule(
        ("audio/ogg", "audio/mpeg", "audio/aac", "audio/amr", "audio/3gpp"), 16 * MB
    ),
    MessageKind.VOICE: FileRule(("audio/ogg",), 16 * MB),
    MessageKind.STICKER: FileRule(("image/webp",), 500 * 1024),  # 100 KB unless it is animated
    MessageKind.DOCUMENT: FileRule(
        (
            "application/pdf",
            "application/msword",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        16 * MB,
    ),
}


class Twilio(Provider):
    name = "twilio"
    label = "Twilio"
    summary = "WhatsApp senders of a Twilio account"
    # No quotes, no reactions, no contact cards: its API has no field for any of them.
    can = Capabilities(
        kinds=frozenset(
            {
                MessageKind.TEXT,
                MessageKind.LOCATION,
                MessageKind.INTERACTIVE,
                MessageKind.TEMPLATE,
                *FILES,
            }
        ),
        files=FILES,
        captions=frozenset(sending.CAPTIONED),
        max_text=1600,
        max_caption=1024,
        # The only call that marks as read also shows "typing…" for 25 seconds, to somebody whose
        # message was merely looked at. Blue ticks are not worth that untruth.
        marks_read=False,
        looks_up=True,
        templates=True,
        addresses=(IdentityKind.PHONE, IdentityKind.WA_ID, IdentityKind.BSUID),
    )
    # Plain text would be sent to the customer.
    answer = (200, '<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
    webhook_methods = ("POST", "GET")
    webhook_suffix = sending.OVERRIDES
    form_fields = (
        CredentialField(
            "account_sid",
            "Account SID",
            hint="Twilio Console, first page, Account Info.",
            shape=(r"AC[0-9a-fA-F]{32}", "An Account SID is AC and 32 digits or letters a to f."),
        ),
        CredentialField(
            "auth_token",
            "Auth Token",
            secret=True,
            rotates=True,
            hint="Beside the Account SID. Not an API key: Twilio signs webhooks with the token.",
        ),
    )
    guide = GUIDE

    def __init__(self, credentials, http, settings):
        super().__init__(credentials, http, settings)
        self.api = Api(credentials, http, settings)

    def verify(self, request: WebhookRequest) -> None:
        known = self.credentials
        try:
            signing.verify(request, (known.get("auth_token"), known.get("auth_token_previous")))
            named = fields_of(request).get("AccountSid")
        except NotAForm as error:
            raise BadSignature("The body is not a form") from error
        if named and named != self.api.account_sid:
            raise BadSignature("The request is about another Twilio account")

    def parse(self, request: WebhookRequest) -> list:
        return events_of(request)

    def send(self, command, correlation_id: str) -> Sent:
        return sending.send(self.api, self.settings, command, correlation_id)

    def fetch_media(self, media_ref: MediaRef) -> FetchedMedia:
        private_ok = bool(self.settings.get("ALLOW_PRIVATE_ADDRESSES"))
        return media.fetch(self.api, media_ref, private_ok)

    def look_up(self, sought: Sought) -> Found | None:
        return asking.look_up(self.api, self.settings.get("PHONE", ""), sought)

    def missed(self, since: datetime) -> Iterable[bytes]:
        return asking.missed(self.api, self.settings.get("PHONE", ""), since)

    def check(self) -> list[CheckLine]:
        return checking.check(self.api, self.settings)
