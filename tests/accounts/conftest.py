"""A provider with every kind of setting, for the rules that hold for all of them."""

import pytest

from webapp import providers
from webapp.providers.base import CredentialField, Provider


class Pigeon(Provider):
    name = "pigeon"
    label = "Pigeon Post"
    summary = "By air"
    webhook_suffix = "#twice"
    guide = (
        "Open the **loft** & paste `{webhook_url}`.",
        "The words {{these}} <stay>.",
    )
    form_fields = (
        CredentialField("region", "Region", choices=(("eu", "Europe"), ("us", "United States"))),
        CredentialField(
            "loft", "Loft", hint="On its door.", shape=(r"L\d+", "A loft is L and digits.")
        ),
        CredentialField("ring", "Ring", required=False),
        CredentialField("app_id", "App ID", required=False),
        CredentialField("auth_token", "Whistle", secret=True, rotates=True),
    )

    def look_up(self, sought):
        return None  # it never had it


PIGEON = {"region": "eu", "loft": "L12", "auth_token": "coo-coo-coo-coo-9876"}


@pytest.fixture
def pigeon(monkeypatch):
    monkeypatch.setitem(providers.PROVIDERS, "pigeon", Pigeon)
    return Pigeon
