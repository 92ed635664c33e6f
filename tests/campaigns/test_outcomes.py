"""What a provider's answer means for the recipient, and for the campaign."""

from sqlalchemy import select

from tests import factories
from tests.campaigns.sending import (
    add_recipient,
    attempts_of,
    fresh,
    is_balanced,
    make_running,
    row_of,
    send,
    states_of,
)
from tests.support.stubs.base import CUT
from tests.support.stubs.meta import fault
from webapp.accounts.models import AccountHealth
from webapp.campaigns.models import CampaignEvent, CampaignState, PauseCause
from webapp.campaigns.sending import outcomes
from webapp.columns import utcnow
from webapp.extensions import db


def test_a_permanent_refusal_fails_with_its_code_and_a_sentence(stub):
    campaign = make_running()
    one = add_recipient(campaign)
    stub.answers = [fault(131026)]

    send()

    assert (row_of(one).state, row_of(one).reason) == ("failed", "131026")
    assert row_of(one).detail == "Not reachable on WhatsApp"
    (attempt,) = attempts_of(one)
    assert (attempt.outcome, attempt.error_code) == ("refused", "131026")


def test_a_temporary_refusal_waits_longer_each_time_until_the_tries_are_spent(stub):
    campaign = make_running(most_tries=3)
    one = add_recipient(campaign)
    stub.answers = [fault(131000, status=500)] * 3
    for wait in outcomes.WAITS[:2]:
        send()
        row = row_of(one)
        assert row.state == "retry"
        assert row.retry_at - row.state_at == wait
        assert fresh(campaign).resting_reason == "retry"
        assert fresh(campaign).resting_until == row.retry_at
        factories.change(row, retry_at=utcnow())

    send()

    assert (row_of(one).state, row_of(one).tries) == ("failed", 3)
    assert [attempt.outcome for attempt in attempts_of(one)] == ["refused"] * 3
    assert fresh(campaign).state == CampaignState.DONE
    assert is_balanced(campaign)


def test_no_answer_leaves_it_unknown_and_nothing_sends_it_again(stub):
    campaign = make_running()
    one = add_recipient(campaign)
    stub.answers = [(CUT, None, 0)]

    send()
    send()

    assert row_of(one).state == "unknown"
    assert len(stub.sent) == 1
    assert fresh(campaign).state == CampaignState.DONE


def test_refused_credentials_pause_the_campaign_and_nobody_is_lost(stub):
    campaign = make_running(people=3)
    stub.answers = [fault(190, status=401)] * 3

    send()

    assert states_of(campaign) == ["queued"] * 3
    assert (fresh(campaign).state, fresh(campaign).pause_cause) == ("paused", PauseCause.ACCOUNT)
    assert "token" in fresh(campaign).pause_reason
    assert db.session.get(AccountHealth, campaign.account_id).stopped_at
    assert is_balanced(campaign)


def test_a_spam_limit_pauses_the_campaign_until_a_person_has_looked(stub):
    campaign = make_running(people=1)
    stub.answers = [fault(131048)]

    send()

    assert (fresh(campaign).pause_cause, fresh(campaign).resume_at) == (PauseCause.ACCOUNT, None)
    assert states_of(campaign) == ["retry"]


def test_too_many_at_once_slows_and_nobody_fails_for_it(stub):
    campaign = make_running(most_tries=1)
    one = add_recipient(campaign)
    stub.answers = [fault(130429)]

    send()

    assert (row_of(one).state, row_of(one).reason) == ("retry", "130429")
    line = db.session.scalar(select(CampaignEvent).where(CampaignEvent.kind == "slowed"))
    assert "Too many messages at once" in line.text


def test_a_template_refused_at_the_call_pauses_the_campaign(stub):
    campaign = make_running(people=1)
    stub.answers = [fault(132015)]

    send()

    assert states_of(campaign) == ["failed"]
    assert fresh(campaign).pause_cause == PauseCause.TEMPLATE


def test_an_answer_that_says_they_are_not_on_whatsapp_marks_them(stub):
    campaign = make_running()
    one = add_recipient(campaign)
    stub.answers = [fault(131026)]

    send()

    assert row_of(one).contact.unreachable_at is not None
