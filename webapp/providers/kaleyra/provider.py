"""Kaleyra as a provider: who may call us, what it can do, and which module does it."""

from collections.abc import Iterable

from ..base import (
    BadSignature,
    CheckLine,
    CredentialField,
    FetchedMedia,
    MediaRef,
    Problem,
    Provider,
    Sent,
    TemplateDraft,
    TemplateState,
    WebhookRequest,
)
from ..commands import Command
from ..request import Request
from ..signing import same_text
from . import checking, media, sending, template_rules, templates
from .api import V1, V2, Api
from .capabilities import BY_VERSION
from .guide import GUIDE
from .meanings import may_pass_later, meaning_for_people
from .parsing import events_of, is_only_receipts

SECRET_HEADER = "x-webhook-token"


class Kaleyra(Provider):
    name = "kaleyra"
    label = "Kaleyra"
    summary = "Kaleyra.io (Tata Communications), with a SID and an API key"
    form_fields = (
        CredentialField(
            "region",
            "Region",
            choices=(
                ("eu", "Europe"),
                ("in", "India"),
                ("ap", "Asia Pacific"),
                ("us", "North America"),
            ),
            hint="The end of the SID tells it: EU, IN or US.",
        ),
        CredentialField(
            "sid",
            "Account SID",
            hint="Kaleyra's console, Profile, API keys.",
            shape=(r"[A-Za-z0-9_-]{4,64}", "A SID has letters and digits only."),
        ),
        CredentialField(
            "api_key", "API key", secret=True, hint="Kaleyra's console, Profile, API keys."
        ),
        CredentialField(
            "waba_id",
            "WABA ID",
            required=False,
            hint="The WhatsApp Business Account's ID. Needed for V2 and for templates.",
            shape=(r"\d{1,32}", "A WABA ID is digits only."),
        ),
        CredentialField(
            "api_version",
            "API version",
            required=False,
            choices=((V1, "V1 (every account)"), (V2, "V2 (accounts Kaleyra moved to it)")),
            hint="V1 unless Kaleyra told you otherwise.",
        ),
        CredentialField(
            "callback_profile_id",
            "Callback profile ID for receipts",
            required=False,
            hint="Empty: with V1 each message names the address for its receipts itself.",
        ),
        CredentialField(
            "callback_secret",
            "Callback secret",
            secret=True,
            required=False,
            rotates=True,
            hint="Optional. Kaleyra then sends it as the header X-Webhook-Token.",
        ),
    )
    guide = GUIDE
    webhook_methods = ("GET", "POST", "PUT")
    sends_by_request = True

    def __init__(self, credentials, http, settings):
        super().__init__(credentials, http, settings)
        self.api = Api(credentials, http, settings)

    @property
    def can(self):
        return BY_VERSION[self.api.version]

    def verify(self, request: WebhookRequest) -> None:
        """Kaleyra signs nothing: the token in the address is all there is, unless the account has
        a secret that comes as a header, or as the proof in an address of our own making."""
        if not self.credentials.get("api_key"):
            raise BadSignature("The account's settings are missing")
        secrets = [secret for secret in self._secrets() if secret]
        if secrets and not any(_proves(request, secret) for secret in secrets):
            raise BadSignature("The call does not carry this account's callback secret")

    def _secrets(self):
        known = self.credentials
        return known.get("callback_secret"), known.get("callback_secret_previous")

    def parse(self, request: WebhookRequest) -> list:
        return events_of(request, self.api.number)

    def only_receipts(self, request: WebhookRequest) -> bool:
        return is_only_receipts(request)

    def send(self, command: Command, correlation_id: str) -> Sent:
        return sending.send(self.api, command, correlation_id, self._secrets()[0])

    def request_for(self, command: Command, correlation_id: str) -> Request:
        return sending.request_for(self.api, command, correlation_id, self._secrets()[0])

    def outcome_of(self, answer) -> Sent:
        return sending.outcome_of(answer)

    @staticmethod
    def may_pass_later(code: str) -> bool:
        return may_pass_later(code)

    @staticmethod
    def meaning(code: str):
        return meaning_for_people(code)

    def fetch_media(self, media_ref: MediaRef) -> FetchedMedia:
        return media.fetch(self.api, media_ref)

    def templates(self) -> Iterable[TemplateState]:
        return templates.listed(self.api)

    @property
    def template_rules(self):
        return template_rules.RULES[self.api.version]

    def template_problems(self, draft: TemplateDraft) -> list[Problem]:
        return template_rules.problems(draft, self.api.version)

    def create_template(self, draft: TemplateDraft) -> TemplateState:
        return templates.create(self.api, draft)

    def edit_template(self, draft: TemplateDraft) -> TemplateState:
        raise templates.only_in_console("changed")

    def delete_template(self, provider_id, name, language, all_languages=False) -> None:
        raise templates.only_in_console("deleted")

    def check(self) -> list[CheckLine]:
        return checking.check(self.api)


def _proves(request, secret):
    if same_text(request.headers.get(SECRET_HEADER), secret):
        return True
    ref, proof = request.query.get("ref"), request.query.get("proof")
    return bool(ref) and same_text(proof, sending.proof_of(secret, ref))
