"""Running stored webhooks again: nothing counts twice, and nothing runs without end."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_account, make_meta_account, save
from tests.support.arriving import arrive, body, keep, messages, said
from tests.webhooks.posting import SAMPLE_FILES, sample
from webapp.accounts.models import AccountDrain
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining, replaying
from webapp.webhooks.finding import Filter
from webapp.webhooks.models import WebhookPayload
from workers import clock, inbound

EVERYTHING = Filter()
# What says when and how often a webhook was read, and nothing of what it told.
READING = {
    "webhook_payloads": ("processed_at", "attempt_count"),
    "system_marks": ("*",),
    "audit_entries": ("*",),
}


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


def ask(by, wanted=EVERYTHING):
    with unit_of_work():
        return replaying.ask(wanted, by)


def run_all(account_id):
    """As job and drain do it side by side."""
    while names := replaying.pending():
        for name in names:
            replaying._next_batch(name)
        draining.drain(account_id)


def contents():
    """Every row of every table, but for what reading again has to change."""
    db.session.rollback()
    found = {}
    for table in db.metadata.sorted_tables:
        left_out = READING.get(table.name, ())
        if "*" not in left_out:
            columns = [column for column in table.c if column.name not in left_out]
            found[table.name] = sorted(map(repr, db.session.execute(select(*columns))))
    db.session.rollback()
    return found


def test_reading_everything_twice_more_changes_nothing(meta, admin):
    for _ in range(2):
        keep(meta, *map(sample, SAMPLE_FILES))
        draining.drain(meta.id)
    before = contents()

    for _ in range(2):
        assert ask(admin) == 2 * len(SAMPLE_FILES)
        run_all(meta.id)

    assert contents() == before


def test_a_webhook_that_failed_is_applied_once_what_was_missing_is_there(account, admin, queue):
    payload = arrive(account, said("Hello"), number_id="777")
    assert payload.error and messages() == []
    with unit_of_work():
        db.session.get(type(account), account.id).phone_number_id = "777"

    assert ask(admin, Filter(state="remarks")) == 1
    run_all(account.id)
    assert [message.text for message in messages()] == ["Hello"]


def test_reading_an_old_one_again_is_not_news_from_the_provider(meta, admin):
    keep(meta, body(said("Old")), received_at=utcnow() - timedelta(days=3))
    keep(meta, body(said("New")))
    draining.drain(meta.id)
    heard = db.session.get(AccountDrain, meta.id).last_event_at

    ask(admin)
    run_all(meta.id)

    db.session.expire_all()
    assert db.session.get(AccountDrain, meta.id).last_event_at == heard


def test_what_still_waits_is_not_asked_for_again(account, admin):
    keep(account, b"{}")

    assert ask(admin) == 0
    assert replaying.pending() == []


def test_only_what_the_filter_finds_runs_again(account, admin):
    other = make_account()
    mine, theirs = (
        save(WebhookPayload(account_id=one.id, body=b"{}", processed_at=utcnow()))
        for one in (account, other)
    )

    ask(admin, Filter(account_id=account.id))
    [name] = replaying.pending()
    replaying._next_batch(name)

    db.session.expire_all()
    assert (mine.processed_at, theirs.processed_at is None) == (None, False)


def test_more_than_its_bound_is_refused(account, admin, monkeypatch):
    monkeypatch.setattr(replaying, "MOST", 2)
    for _ in range(3):
        save(WebhookPayload(account_id=account.id, body=b"{}", processed_at=utcnow()))

    with pytest.raises(replaying.TooMany):
        ask(admin)
    assert replaying.pending() == []


def test_one_that_arrives_after_the_wish_is_not_part_of_it(account, admin):
    first = save(WebhookPayload(account_id=account.id, body=b"{}", processed_at=utcnow())).id
    ask(admin)
    late = save(WebhookPayload(account_id=account.id, body=b"{}", processed_at=utcnow())).id

    [name] = replaying.pending()
    assert [row.id for row in replaying._next_batch(name)] == [first]
    assert db.session.get(WebhookPayload, late).processed_at is not None


def test_the_job_hands_over_a_batch_at_a_time(account, admin, monkeypatch):
    monkeypatch.setattr(replaying, "BATCH", 2)
    monkeypatch.setattr(replaying, "JOB_SECONDS", 0)
    for _ in range(3):
        save(WebhookPayload(account_id=account.id, body=b"{}", processed_at=utcnow()))
    ask(admin)
    [name] = replaying.pending()

    inbound.replay(name)
    waiting = select(WebhookPayload.id).where(WebhookPayload.processed_at.is_(None))
    assert len(db.session.scalars(waiting).all()) == 2
    assert replaying.pending() == [name]

    draining.drain(account.id)
    inbound.replay(name)
    draining.drain(account.id)
    inbound.replay(name)
    assert replaying.pending() == []
    assert db.session.scalars(waiting).all() == []


def test_a_replay_whose_job_was_lost_is_found_by_the_clock(account, admin, hinted):
    save(WebhookPayload(account_id=account.id, body=b"{}", processed_at=utcnow()))
    ask(admin)
    [name] = replaying.pending()
    hinted.clear()

    clock.replays()
    assert hinted == [("workers.inbound.replay", name)]


@pytest.fixture
def hinted(monkeypatch):
    """What clock asks for."""
    asked = []
    monkeypatch.setattr("webapp.jobs.hint_now", lambda name, shard: asked.append((name, shard)))
    return asked


def test_the_wish_leaves_an_audit_row(account, admin):
    save(WebhookPayload(account_id=account.id, body=b"{}", processed_at=utcnow(), error="Oh no"))

    ask(admin, Filter(account_id=account.id, words="oh"))

    entry = db.session.scalar(select(AuditEntry))
    assert (entry.actor, entry.action) == (admin.name, "tried_again")
    assert entry.after == {"account_id": str(account.id), "words": "oh"}
    assert entry.note == "1 stored webhooks"
