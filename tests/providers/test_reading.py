"""Times that strangers wrote: believed where something of WhatsApp's may have them."""

from datetime import UTC, datetime

import pytest

from webapp.providers.kaleyra.identifiers import time_of as kaleyras
from webapp.providers.reading import believable, moment_of
from webapp.providers.sinch.envelope import moment_of as sinchs
from webapp.providers.twilio.records import moment_of as twilios

ARRIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("seconds", (0, 1, "-1", 86_400, 10**11, 10**20, "many", None, True))
def test_seconds_nobody_can_have_written_at_give_the_time_of_arrival(seconds):
    assert moment_of(seconds, ARRIVED) is ARRIVED
    assert moment_of("1772367836", ARRIVED) == datetime(2026, 3, 1, 12, 23, 56, tzinfo=UTC)


@pytest.mark.parametrize("text", ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "soon"))
def test_a_date_at_the_end_of_time_is_none(text):
    """PostgreSQL gives times in its own zone, where these lie outside what Python knows."""
    assert kaleyras(text, ARRIVED) is ARRIVED
    assert sinchs(text) is None


def test_a_mails_date_at_the_end_of_time_is_none():
    assert twilios("Mon, 01 Jan 0001 00:00:00 +0000", ARRIVED) is ARRIVED
    assert twilios("Sun, 01 Mar 2026 13:00:00 +0100") == ARRIVED


def test_a_time_without_a_zone_is_in_utc():
    assert believable(datetime(2026, 3, 1, 12), None) == ARRIVED
