"""Sending finds out how an account is: credentials refused stop it, quotas slow it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import change, make_contact, make_interaction
from tests.support.fake_provider import REFUSED, WELL, refused_credentials
from webapp import jobs
from webapp.accounts import checking, health
from webapp.accounts.models import AccountDrain, AccountHealth
from webapp.alerting.models import Alert
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox import delivering, sending
from webapp.inbox.models import Message, MessageStatus
from webapp.providers.base import ProviderError
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def talks(fake, queue, ana):
    return [make_interaction(fake, make_contact(), owner=ana, queue=queue) for _ in range(3)]


def write(talk, ana, text):
    with unit_of_work():
        return sending.write(talk, ana, text, f"{talk.id}-{text}").id


def drain(account):
    delivering.drain(account.id)
    db.session.expire_all()


def statuses():
    return set(db.session.scalars(select(Message.status)))


def health_of(account):
    db.session.expire_all()
    return db.session.get(AccountHealth, account.id)


def test_refused_credentials_stop_the_account_and_keep_what_is_queued(script, fake, talks, ana):
    for talk in talks:
        write(talk, ana, "Hello")
    script.answers.extend([refused_credentials()] * 3)
    drain(fake)
    drain(fake)
    assert len(script.sent) == 3  # side by side, before the first answer was there
    assert statuses() == {MessageStatus.QUEUED}
    assert health_of(fake).stop_reason == "The token is revoked"
    alert = db.session.scalars(select(Alert)).one()
    assert (alert.kind, alert.severity) == ("account_stopped", "critical")


def test_a_stopped_account_makes_no_work_for_the_clock(script, fake, talks, ana):
    write(talks[0], ana, "Hello")
    assert delivering.accounts_with_work() == [fake.id]
    with unit_of_work():
        health.stopped(fake.id, refused_credentials())
    assert delivering.accounts_with_work() == []


def test_a_refusal_has_the_provider_asked_at_once(script, fake):
    checking.check_due()
    change(health_of(fake), checked_at=utcnow() - timedelta(minutes=3))
    with unit_of_work():
        health.stopped(fake.id, refused_credentials())
    assert checking.check_due() == 1


def test_one_found_in_order_a_moment_ago_waits_for_its_turn(script, fake):
    checking.check_due()
    with unit_of_work():
        health.stopped(fake.id, refused_credentials())
    assert checking.check_due() == 0
    assert checking.check_due(utcnow() + timedelta(minutes=4)) > 0


def test_what_waited_goes_once_a_check_finds_the_token_taken(script, fake, talks, ana):
    write(talks[0], ana, "Hello")
    script.answers.append(refused_credentials())
    drain(fake)
    script.lines = WELL
    redis_clients.patient.flushdb()
    checking.check_due()
    assert jobs.job_queue("workers.outbound.drain", redis_clients.patient).count == 1
    drain(fake)
    assert script.sent == ["Hello", "Hello"]
    assert statuses() == {MessageStatus.SENT}


def test_an_admin_may_try_again_before_the_next_check(script, fake, talks, ana, admin, sign_in):
    write(talks[0], ana, "Hello")
    script.answers.append(refused_credentials())
    drain(fake)
    sign_in(admin).post(f"/accounts/{fake.id}/resume")
    drain(fake)
    assert statuses() == {MessageStatus.SENT}
    assert db.session.scalars(select(Alert.ended_at)).one() is not None
    assert "tried_again" in db.session.scalars(select(AuditEntry.action)).all()


def test_trying_again_ends_a_pause_and_what_waits_for_it(script, fake, talks, ana, admin):
    write(talks[0], ana, "Hello")
    script.answers.append(slow_down(7200))
    drain(fake)
    assert script.sent == ["Hello"]
    with unit_of_work():
        health.resume(fake, admin)
    drain(fake)
    assert statuses() == {MessageStatus.SENT}


def test_only_an_admin_may_try_again(fake, sara, sign_in):
    assert sign_in(sara).post(f"/accounts/{fake.id}/resume").status_code == 403


def test_a_quota_slows_the_account_by_the_providers_own_hint_however_long(script, fake, talks, ana):
    write(talks[0], ana, "Hello")
    script.answers.append(slow_down(6 * 3600))
    drain(fake)
    pause = db.session.get(AccountDrain, fake.id).paused_until - utcnow()
    assert timedelta(hours=5, minutes=59) < pause <= timedelta(hours=6)
    assert delivering.accounts_with_work() == []


def test_a_quota_slows_no_other_account(script, fake, account, queue, ana):
    with unit_of_work():
        health.slowed(fake.id, utcnow() + timedelta(hours=1), "Too fast")
    assert health.held(fake.id)
    assert not health.held(account.id)


def test_the_strictest_of_several_hints_counts(fake):
    soon, late = utcnow() + timedelta(minutes=1), utcnow() + timedelta(hours=1)
    for until in (late, soon):
        with unit_of_work():
            health.slowed(fake.id, until, "Too fast")
    assert db.session.get(AccountDrain, fake.id).paused_until == late


def test_the_last_send_is_noted_but_not_for_every_message(script, fake):
    first = utcnow()
    for seconds in (0, 5, 20):
        with unit_of_work():
            health.sent(fake.id, first + timedelta(seconds=seconds))
        seen = health_of(fake).last_sent_at
        assert seen == first + timedelta(seconds=20 if seconds == 20 else 0)


def test_a_job_with_the_former_credentials_claims_nothing_more(script, fake, talks, ana):
    """The account may go on by then; its next job has the new ones."""
    script.answers.append(refused_credentials())
    write(talks[0], ana, "one")
    redis_clients.patient.flushdb()
    drain(fake)
    assert jobs.job_queue("workers.outbound.drain", redis_clients.patient).count == 1


def test_rejected_signatures_are_counted_and_a_pause_ends_a_series(fake):
    start = utcnow()
    for minutes, number in ((0, 3), (10, 4), (40, 1)):
        with unit_of_work():
            health.rejected(fake.id, number, start + timedelta(minutes=minutes))
    found = health_of(fake)
    assert (found.rejected_count, found.rejected_recent) == (8, 1)


def test_the_page_says_what_is_stopped_what_waits_and_what_to_do(
    script, fake, talks, ana, admin, sign_in
):
    write(talks[0], ana, "Hello")
    script.lines = REFUSED
    checking.check_due()
    page = sign_in(admin).get(f"/accounts/{fake.id}/health").get_data(as_text=True)
    for words in ("Nothing leaves since", "The token is revoked.", "Paste a new one.", "Try again"):
        assert words in page
    assert "1</span> message waits and goes out by itself" in page
    assert f'data-live="account:{fake.id}"' in page


def test_the_page_says_until_when_an_account_is_slowed_down(fake, admin, sign_in):
    with unit_of_work():
        health.slowed(fake.id, utcnow() + timedelta(hours=3), "Too many messages")
    page = sign_in(admin).get(f"/accounts/{fake.id}/health").get_data(as_text=True)
    assert "Slowed down until" in page and "Too many messages" in page


@pytest.mark.parametrize(("days", "warns"), [(20, False), (13, True)])
def test_the_page_warns_before_the_token_runs_out(fake, admin, sign_in, days, warns):
    ends = utcnow() + timedelta(days=days)
    change_facts(fake, token_expires_at=ends.isoformat(), quality="Green")
    page = sign_in(admin).get(f"/accounts/{fake.id}/health").get_data(as_text=True)
    assert f"{ends.day} {ends:%b %Y}" in page and "Green" in page
    assert ("t-warn" in page) is warns


def test_the_list_says_how_each_account_stands(script, fake, admin, sign_in):
    script.lines = REFUSED
    checking.check_due()
    page = sign_in(admin).get("/accounts").get_data(as_text=True)
    assert "Cannot send" in page and "In order" in page
    row = sign_in(admin).get(f"/accounts/{fake.id}/state").get_data(as_text=True)
    assert "dot--bad" in row and f'data-live="account:{fake.id}"' in row


def change_facts(account, **facts):
    with unit_of_work():
        health.row_of(account.id).facts = facts


def slow_down(seconds):
    return ProviderError("Too fast", permanent=False, retry_after=seconds, account_wide=True)
