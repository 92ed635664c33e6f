"""What providers answered, written down whatever came in between."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tests import factories
from tests.campaigns.sending import (
    add_recipient,
    attempts_of,
    fresh,
    is_balanced,
    make_running,
    row_of,
)
from webapp import metrics
from webapp.campaigns.models import CampaignAttempt
from webapp.campaigns.sending import recording
from webapp.campaigns.sending.outcomes import Answer, NotBegun
from webapp.columns import utcnow
from webapp.extensions import redis_clients
from webapp.providers.base import OutcomeUnknown, ProviderError, Sent

CLAIMED = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def campaign(app):
    return make_running()


def called(campaign, **columns):
    columns = {"state": "sending", "state_at": CLAIMED, "tries": 1, **columns}
    one = add_recipient(campaign, **columns)
    factories.save(CampaignAttempt(recipient_id=one.id, number=1))
    return one


def answer(campaign, one, outcome, number=1):
    feed = SimpleNamespace(
        id=campaign.id, account_id=campaign.account_id, provider="Meta", most_tries=4
    )
    call = SimpleNamespace(feed=feed, recipient_id=one.id, number=number, claimed_at=CLAIMED)
    recording.record([Answer(call, outcome, utcnow())])


def test_a_receipt_that_came_first_stands(campaign):
    now = utcnow()
    one = called(campaign, state="read", sent_at=now, delivered_at=now, read_at=now)

    answer(campaign, one, Sent("wamid.1"))

    assert (row_of(one).state, row_of(one).provider_id) == ("read", "wamid.1")
    assert row_of(one).sent_at == now
    assert is_balanced(campaign)


def test_a_lost_answer_says_nothing_against_a_receipt(campaign):
    one = called(campaign, state="delivered", sent_at=utcnow(), delivered_at=utcnow())
    factories.change(attempts_of(one)[0], outcome="sent")

    answer(campaign, one, OutcomeUnknown("No answer"))

    assert row_of(one).state == "delivered"
    assert attempts_of(one)[0].outcome == "sent"


def test_an_answer_settles_what_was_in_doubt(campaign):
    sent, refused = (called(campaign, state="unknown") for _ in range(2))

    answer(campaign, sent, Sent("wamid.1"))
    answer(campaign, refused, ProviderError("Not reachable", True, "131026"))

    assert (row_of(sent).state, row_of(refused).state) == ("sent", "failed")


def test_an_earlier_attempt_refused_spoils_no_later_one(campaign):
    one = called(campaign, tries=2)
    answer(campaign, one, ProviderError("Not reachable", True, "131026"), number=1)
    assert row_of(one).state == "sending"


def test_what_a_pause_kept_from_beginning_waits_as_if_it_was_never_claimed(campaign):
    one = called(campaign)

    answer(campaign, one, NotBegun)

    assert (row_of(one).state, row_of(one).tries) == ("queued", 0)
    assert attempts_of(one) == []
    assert is_balanced(campaign)


def test_what_was_kept_back_once_keeps_back_no_later_call_of_the_same_number(campaign):
    one = called(campaign)
    answer(campaign, one, NotBegun)
    factories.change(one, state="sending", tries=1, state_at=CLAIMED + timedelta(seconds=1))
    factories.save(CampaignAttempt(recipient_id=one.id, number=1))

    answer(campaign, one, NotBegun)  # the database did not say that it was written

    assert (row_of(one).state, row_of(one).tries) == ("sending", 1)
    assert len(attempts_of(one)) == 1


def test_the_same_answer_twice_changes_nothing(campaign):
    one = called(campaign)
    for _ in range(2):
        answer(campaign, one, ProviderError("Busy", False, "131000"))
    assert (row_of(one).state, row_of(one).tries) == ("retry", 1)
    assert is_balanced(campaign)


def test_a_long_hint_pauses_until_then(campaign):
    one = called(campaign)
    error = ProviderError("The balance is used up", False, "E110", 900, account_wide=True)

    answer(campaign, one, error)

    row = fresh(campaign)
    assert (row.state, row.pause_cause) == ("paused", "account")
    assert row.resume_at == row_of(one).retry_at


def test_a_provider_out_of_reach_fails_nobody(campaign):
    one = called(campaign, tries=4)
    factories.save(CampaignAttempt(recipient_id=one.id, number=4))
    answer(campaign, one, ProviderError("The provider could not be reached", False), number=4)
    assert row_of(one).state == "retry"


def test_calls_are_counted_for_operators_by_provider_and_outcome(app, campaign):
    metrics.flush()
    redis_clients.patient.delete(metrics.KEY)
    feed = SimpleNamespace(
        id=campaign.id,
        account_id=campaign.account_id,
        provider="Meta",
        provider_name="meta",
        most_tries=4,
    )
    recorder = recording.Recorder(app)
    for outcome in (Sent("wamid.1"), OutcomeUnknown("No answer"), NotBegun):
        one = called(campaign)
        call = SimpleNamespace(feed=feed, recipient_id=one.id, number=1)
        recorder.put([Answer(call, outcome, utcnow())])
    recorder.close()
    metrics.flush()
    found = {key[1]: amount for key, amount in metrics.counted().items()}
    assert found == {
        (("outcome", "sent"), ("provider", "meta")): 1,
        (("outcome", "unknown"), ("provider", "meta")): 1,
    }
