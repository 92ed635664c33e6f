"""What every payload file does, called as its provider calls, however often and crowded."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from tests.providers.calls import samples
from tests.providers.casts import META, SINCH, TWILIO
from tests.support.arriving import at_once, interactions, messages
from tests.webhooks.callers import call_of, make_caller, ring
from tests.webhooks.effects import EFFECTS, effect
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.webhooks import draining
from webapp.webhooks.models import WebhookPayload

EACH = [(provider, name) for provider, table in EFFECTS.items() for name in table]


def arrive(client, account, *names):
    for name in names:
        assert ring(client, account, call_of(account.provider, name)).status_code == 200
    draining.drain(account.id)
    db.session.expire_all()


@pytest.mark.parametrize("provider", EFFECTS)
def test_every_sample_has_its_effect_in_the_table(provider):
    assert sorted(EFFECTS[provider]) == samples(provider)


@pytest.mark.parametrize(("provider", "name"), EACH)
def test_three_calls_drained_at_once_have_the_effect_once(app, client, queue, provider, name):
    account = make_caller(provider, queue)
    for _ in range(3):
        assert ring(client, account, call_of(provider, name)).status_code == 200

    account_id = account.id
    at_once(app, *[partial(draining.drain, account_id)] * 3)
    draining.drain(account_id)
    assert effect() == EFFECTS[provider][name]


@pytest.mark.parametrize("provider", EFFECTS)
def test_all_samples_together_count_each_message_once(client, queue, provider):
    account = make_caller(provider, queue)
    for _ in range(2):
        arrive(client, account, *samples(provider))

    assert set(Counter(row.provider_id for row in messages()).values()) == {1}
    assert db.session.query(WebhookPayload).filter_by(processed_at=None).count() == 0


def test_twilio_gives_no_time_so_a_window_lasts_a_day_from_when_we_received_it(client, queue):
    arrive(client, make_caller("twilio", queue), TWILIO.text)

    [payload], [opened] = db.session.query(WebhookPayload), interactions()
    gap = opened.window_expires_at - payload.received_at - timedelta(hours=24)
    assert abs(gap) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        *((META.provider, name) for name, known in EFFECTS["meta"].items() if known.opened),
        (SINCH.provider, SINCH.text),
        ("kaleyra", "v1_get_text"),
    ],
)
def test_where_the_provider_gives_a_time_the_window_counts_from_it(client, queue, provider, name):
    arrive(client, make_caller(provider, queue), name)

    last = {row.interaction_id: row.written_at for row in messages()}
    assert {f"{at:%Y}" for at in last.values()} <= {"2025", "2026"}
    for row in interactions():
        assert row.window_expires_at == last[row.id] + timedelta(hours=24)


def test_opting_out_and_in_again_reach_the_contact(client, queue):
    meta = make_caller("meta", queue)
    arrive(client, meta, "user_preferences_stop")
    (contact,) = db.session.query(Contact)
    assert contact.opted_out_at is not None
    arrive(client, meta, "user_preferences_resume")
    assert contact.opted_out_at is None
