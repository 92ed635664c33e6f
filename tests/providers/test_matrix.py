"""docs/providers.md says what the code does."""

import re
from pathlib import Path

import pytest

from webapp.providers import PROVIDERS
from webapp.providers.base import InboundMessage
from webapp.providers.sinch.checking import TRIGGERS

from .casts import CASTS
from .matrix import DOCUMENT, TITLES, rewritten, tables, unknown_providers
from .probes import PROBES, ROWS

ROOT = Path(__file__).parents[2]
PATH = re.compile(r"`((?:webapp|tests|templates|docs|bin)/[\w/.-]+)`")
SETTING = re.compile(r"`((?:[A-Z]+_)+(?:URL|VERSION|PROXIES|ADDRESSES)|SANDBOX)(?:=[^`]*)?`")


@pytest.fixture(scope="module")
def text():
    return DOCUMENT.read_text()


def test_the_tables_are_as_the_code_has_it(text):
    """To mend: python -m tests.providers.matrix"""
    assert all(f"<!-- {name} -->" in text for name in tables())
    assert rewritten(text) == text


def test_the_tables_know_every_provider():
    assert set(TITLES) == set(CASTS)
    assert unknown_providers() == set()


@pytest.mark.parametrize("name", CASTS)
def test_what_the_table_says_arrives_is_understood(name):
    provider = CASTS[name].provider_at()
    for row, call in PROBES[name].items():
        events = provider.parse(CASTS[name].request(call))
        shown = [isinstance(event, InboundMessage) and ROWS[row](event) for event in events]
        assert any(shown), row


@pytest.mark.parametrize("name", CASTS)
def test_the_table_leaves_out_nothing_that_the_samples_show(name):
    cast, provider = CASTS[name], CASTS[name].provider_at()
    for sample, call in cast.samples().items():
        if "quality" in sample:
            continue
        if not _is_of_this_generation(name, sample):
            continue
        for event in provider.parse(cast.request(call)):
            rows = _rows_of(event) if isinstance(event, InboundMessage) else []
            assert set(rows) <= set(PROBES[name]), sample


def _is_of_this_generation(name, sample):
    """Samples of both generations of Kaleyra's lie in one folder."""
    other = {"kaleyra v1": "v2_", "kaleyra v2": "v1_"}.get(name)
    return other is None or not sample.startswith(other)


def _rows_of(event):
    for row, shows in ROWS.items():
        if row == "Contact" and event.media is None:
            found = event.kind == "contacts"
        else:
            found = shows(event)
        if found:
            yield row


def test_each_provider_has_its_set_up(text):
    for provider in PROVIDERS.values():
        assert f"\n## {provider.label}\n" in text


def test_each_setting_of_an_account_is_explained(text):
    for provider in PROVIDERS.values():
        section = _section(text, provider.label)
        typed = [field for field in provider.form_fields if not field.generated]
        assert all(field.label in section for field in typed), provider.label


def test_what_has_to_be_ticked_at_sinch_is_named(text):
    section = _section(text, "Sinch")
    assert [trigger for trigger in TRIGGERS if f"`{trigger}`" not in section] == []


def test_every_file_the_page_names_is_there(text):
    named = set(PATH.findall(text))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_setting_the_page_names_is_one(text):
    known = {line.partition("=")[0] for line in (ROOT / ".env.example").read_text().splitlines()}
    named = set(SETTING.findall(text))
    assert {"PUBLIC_URL", "ALLOW_PRIVATE_ADDRESSES"} <= named
    assert named <= known


def _section(text, heading):
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
