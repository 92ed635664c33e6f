"""Templates at the providers: the words they share, and a provider that keeps none."""

import pytest

from webapp.message_templates.models import Category, Quality, TemplateStatus
from webapp.providers import PROVIDERS
from webapp.providers.base import ProviderError, TemplateDraft
from webapp.providers.templates import (
    CATEGORIES,
    QUALITIES,
    STATUSES,
    category_of,
    language_of,
    quality_of,
    status_of,
)

DRAFT = TemplateDraft("visit", "en_US", "utility", "named", [])


@pytest.mark.parametrize("name", ["twilio", "sinch"])
def test_a_provider_without_templates_says_so(name):
    provider = PROVIDERS[name]({}, None, {})

    calls = (
        provider.templates,
        lambda: provider.create_template(DRAFT),
        lambda: provider.edit_template(DRAFT),
        lambda: provider.delete_template("1", "visit", "en_US"),
    )
    for call in calls:
        with pytest.raises(ProviderError, match="keeps no templates here") as refused:
            call()
        assert refused.value.permanent
    assert provider.template_problems(DRAFT) == []


def test_every_documented_state_has_one_of_our_words():
    assert set(STATUSES.values()) <= set(TemplateStatus)
    assert set(QUALITIES) < set(Quality)
    assert set(CATEGORIES) == set(Category)


@pytest.mark.parametrize("word", ["Approved", "approved", "APPROVED", " approved "])
def test_a_state_is_read_in_any_spelling(word):
    assert status_of(word) == TemplateStatus.APPROVED


def test_what_nobody_documented_is_never_sendable():
    assert status_of("SUPER_APPROVED") == status_of(None) == TemplateStatus.UNKNOWN
    assert quality_of("PURPLE") == quality_of(None) == Quality.UNKNOWN
    assert category_of("TRANSACTIONAL") == ""


def test_kaleyras_words_are_known_too():
    assert status_of("Submission Rejected") == TemplateStatus.REJECTED


def test_a_language_is_written_one_way():
    assert language_of("en-US") == language_of("en_US") == "en_US"
