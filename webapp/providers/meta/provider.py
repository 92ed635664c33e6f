"""Meta as a provider: signature, handshake, sending, read marks."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from .. import limits
from ..base import (
    CheckLine,
    CredentialField,
    FetchedMedia,
    MediaRef,
    OutcomeUnknown,
    OutgoingFile,
    Problem,
    Provider,
    ProviderError,
    Recipient,
    Sent,
    TemplateDraft,
    TemplateState,
    WebhookRequest,
)
from ..reading import clean, dict_of, list_of, only_statuses, text_of
from ..request import Request
from ..signing import same_text, verify
from . import checking, condition, media, template_rules, templates
from .capabilities import CAN
from .graph import Graph
from .guide import GUIDE
from .meanings import may_pass_later, meaning_of
from .parsing import events_of
from .people import person
from .sending import file_of, message_body, with_file

SIGNATURE = "x-hub-signature-256"
DIGITS = (r"\d{1,32}", "Meta's ids are digits only.")


class Meta(Provider):
    name = "meta"
    label = "Meta"
    summary = "Cloud API, direct, with a system user of Meta"
    can = CAN
    sends_by_request = True
    keeps_files = timedelta(days=30)
    form_fields = (
        CredentialField(
            "phone_number_id",
            "Phone number ID",
            hint="WhatsApp Manager, the number's page: digits, not the phone number itself.",
            shape=DIGITS,
        ),
        CredentialField(
            "waba_id",
            "WhatsApp Business Account ID",
            hint="WhatsApp Manager, above the numbers.",
            shape=DIGITS,
        ),
        CredentialField(
            "app_id",
            "App ID",
            required=False,
            hint="Meta's app dashboard, at the top.",
            shape=DIGITS,
        ),
        CredentialField(
            "access_token",
            "Access token",
            secret=True,
            hint="Of a system user with whatsapp_business_messaging and "
            "whatsapp_business_management.",
        ),
        CredentialField(
            "app_secret",
            "App secret",
            secret=True,
            rotates=True,
            hint="Meta's app dashboard, App settings, Basic. Proves that webhooks come from Meta.",
        ),
        CredentialField("verify_token", "Verify token", generated=True),
    )
    guide = GUIDE
    template_rules = template_rules.RULES

    def __init__(self, credentials, http, settings):
        super().__init__(credentials, http, settings)
        self.graph = Graph(credentials, http, settings)

    def handshake(self, request: WebhookRequest) -> str | None:
        subscribing = request.query.get("hub.mode") == "subscribe"
        token = request.query.get("hub.verify_token")
        if subscribing and same_text(token, self.credentials.get("verify_token")):
            return request.query.get("hub.challenge")
        return None

    def verify(self, request: WebhookRequest) -> None:
        known = self.credentials
        verify(request, SIGNATURE, (known.get("app_secret"), known.get("app_secret_previous")))

    def parse(self, request: WebhookRequest) -> list:
        return events_of(request.body, request.received_at)

    def only_receipts(self, request: WebhookRequest) -> bool:
        return only_statuses(request.body)

    def send(self, command, correlation_id: str) -> Sent:
        file = file_of(command)
        if file and not file.media_id:
            # An upload beats an address Meta fetches from: what is wrong with it shows at once.
            self.request_for(command, correlation_id)  # raises what could not be sent anyway
            command = with_file(command, self.uploaded(file))
        return self.outcome_of(self.http.ask(self.request_for(command, correlation_id)))

    def request_for(self, command, correlation_id: str) -> Request:
        limits.check(command, self.can)
        return self.graph.request(
            (self.graph.number_id, "messages"),
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                **_address(command.to),
                **message_body(command),
                "biz_opaque_callback_data": correlation_id,
            },
        )

    def outcome_of(self, answer) -> Sent:
        return _sent(self.graph.taken(answer))

    def uploaded(self, file: OutgoingFile) -> OutgoingFile:
        return replace(file, media_id=media.upload(self.graph, file))

    @staticmethod
    def may_pass_later(code: str) -> bool:
        return may_pass_later(code)

    def throughput(self, facts) -> int:
        return condition.throughput_of(facts.get("throughput"))

    def most_people(self, facts) -> float | None:
        return condition.limit_of(facts.get("messaging_limit"))

    @staticmethod
    def meaning(code: str):
        return meaning_of(code)

    def mark_read(self, message_id: str) -> None:
        """Marks the earlier ones of the conversation too."""
        self.graph.post(
            (self.graph.number_id, "messages"),
            {"messaging_product": "whatsapp", "status": "read", "message_id": message_id},
        )

    def fetch_media(self, media_ref: MediaRef) -> FetchedMedia:
        return media.fetch(self.graph, media_ref)

    def templates(self) -> Iterable[TemplateState]:
        return templates.listed(self.graph)

    def template_problems(self, draft: TemplateDraft) -> list[Problem]:
        return template_rules.problems(draft)

    def create_template(self, draft: TemplateDraft) -> TemplateState:
        return templates.create(self.graph, draft)

    def edit_template(self, draft: TemplateDraft) -> TemplateState:
        return templates.edit(self.graph, draft)

    def delete_template(self, provider_id, name, language, all_languages=False) -> None:
        templates.delete(self.graph, provider_id, name, all_languages)

    def check(self) -> list[CheckLine]:
        return checking.check(self.graph, self.credentials, self.settings.get("WEBHOOK_URL", ""))


def _address(to: Recipient):
    # Without "+" Meta may put the business number's own country code in front.
    if to.phone:
        return {"to": f"+{to.phone.lstrip('+')}"}
    if to.bsuid:
        return {"recipient": to.bsuid}
    raise ProviderError("This person has no number and no WhatsApp id", permanent=True)


def _sent(answer):
    data = dict_of(clean(answer.data))
    ids = [text_of(dict_of(message).get("id")) for message in list_of(data.get("messages"))]
    if not ids or not ids[0]:
        raise OutcomeUnknown(f"Meta answered HTTP {answer.status} without a message id")
    contact = dict_of(next(iter(list_of(data.get("contacts"))), None))
    return Sent(ids[0], person(contact.get("wa_id"), contact.get("user_id")))
