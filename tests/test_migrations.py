"""An installation of the last release, with what it holds, becomes one of this release."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask_migrate import upgrade
from sqlalchemy import DateTime, LargeBinary, MetaData, Table, select, text

from tests import factories
from tests.conftest import settings_for
from tests.support.databases import for_each_database
from webapp import create_app
from webapp.accounts import sealing
from webapp.accounts.models import Account
from webapp.analytics import figures, summed, summing
from webapp.analytics.models import AgentInterval, InteractionPhase, Kind
from webapp.campaigns.models import Campaign
from webapp.contacts.models import Contact
from webapp.extensions import db, vault
from webapp.inbox.media_models import Media
from webapp.inbox.models import Attempt, Interaction, Message
from webapp.settings import dispositions
from webapp.staff.models import User
from webapp.webhooks import draining
from webapp.webhooks.models import WebhookPayload

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRETS = {"access_token": "token-1", "app_secret": factories.META_SECRET}
SAMPLE = {
    "object": "whatsapp_business_account",
    "entry": [],
}
# As rows stood in the tables of revision 0002, each with what has no default of the database's.
ROWS = {
    "users": {
        "id": 1, "email": "ana@example.com", "name": "Ana Agent", "password_hash": "x",
        "role": "agent", "active": True, "capacity": 6, "presence": "offline",
        "presence_at": AT, "sounds": True, "shortcuts": True, "created_at": AT,
    },
    "accounts": {
        "id": 1, "name": "Northgate Care", "key": "NORTH", "provider": "meta",
        "phone": "15550100200", "phone_number_id": "105", "waba_id": "104",
        "webhook_token": "the-token", "description": "", "session_anchor": "first",
        "enabled": True, "created_at": AT,
    },
    "account_drains": {"account_id": 1, "last_event_at": AT},
    "contacts": {
        "id": 1, "name": "Dana Whitlock", "phone": "15550142233", "opted_out_at": AT,
    },
    "interactions": {
        "id": 1, "account_id": 1, "contact_id": 1, "state": "closed", "direction": "in",
        "step_position": 0, "priority": 0, "created_at": AT, "started_at": AT,
        "session_expires_at": AT, "contact_name": "Dana", "contact_phone": "+15550142233",
        "last_message_at": AT, "last_text": "Hello", "last_kind": "text",
        "last_direction": "in", "unread": 0, "left_unanswered": False,
    },
    "webhook_payloads": {
        "id": 1, "account_id": 1, "body": json.dumps(SAMPLE).encode(), "received_at": AT,
        "attempt_count": 0,
    },
    "messages": {
        "id": 1, "account_id": 1, "contact_id": 1, "interaction_id": 1, "direction": "out",
        "kind": "text", "source": "live", "text": "Hello", "status": "sent",
        "provider_id": "wamid.1", "author_id": 1, "written_at": AT, "received_at": AT,
        "processed_at": AT, "attempt_count": 1, "payload_id": 1,
    },
    "attempts": {
        "id": 1, "message_id": 1, "number": 1, "correlation_id": "parley-1", "started_at": AT,
        "outcome": "sent",
    },
    "media": {
        "id": 1, "message_id": 1, "account_id": 1, "provider_media_id": "m1", "mime_type": "",
        "filename": "", "state": "ready", "attempt_count": 0, "created_at": AT,
    },
}  # fmt: skip


def pytest_generate_tests(metafunc):
    for_each_database(metafunc, "old", scope="function")


@pytest.fixture
def old(request, tmp_path, redis_server, data_dir):
    """The application over a database of revision 0002 that holds the rows above."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    app = create_app(settings_for(url, redis_server.url, data_dir))
    with app.app_context():
        upgrade(revision="0002")
        fill()
        yield app
        db.session.rollback()
        db.session.remove()
        db.engine.dispose()


def fill():
    """The rows, and something in every other column that must not be empty."""
    rows = {name: dict(row) for name, row in ROWS.items()}
    rows["accounts"]["credentials"] = vault.seal(SECRETS)
    for name, row in rows.items():
        _add(name, row)
    db.session.commit()


def table(name):
    """As the database has it, whatever our models say."""
    return Table(name, MetaData(), autoload_with=db.engine)


def _is_needed(column):
    return not column.nullable and column.server_default is None


def _anything(column):
    if isinstance(column.type, DateTime):
        return AT
    if isinstance(column.type, LargeBinary):
        return b""
    return column.type.python_type()


def stored():
    """The rows' columns of before, as the database holds them now."""
    found = {}
    for name, row in ROWS.items():
        now = table(name)
        found[name] = db.session.execute(select(*(now.c[column] for column in row))).all()
    db.session.rollback()
    return found


def test_what_was_there_is_there_still(old):
    before = stored()

    upgrade()
    db.session.rollback()
    assert stored() == before


def test_old_rows_are_read_by_the_new_models(old):
    upgrade()
    db.session.rollback()

    account = db.session.get(Account, 1)
    assert sealing.stored(account, "app_secret") == factories.META_SECRET
    assert (account.former_provider, account.former_webhook_token) == (None, None)
    assert account.archived_at is None
    payload = db.session.get(WebhookPayload, 1)
    assert (payload.method, payload.query, payload.content_type) == ("POST", "", "")
    assert payload.provider is None
    assert db.session.get(Attempt, 1).exchanges is None
    assert db.session.get(Media, 1).seconds is None
    assert db.session.get(Message, 1).text == "Hello"
    assert db.session.get(User, 1).alarm_sounds
    assert db.session.get(User, 1).leads_all


def test_contacts_have_their_names_apart_and_the_time_of_their_last_message(old):
    upgrade()
    db.session.rollback()

    dana = db.session.get(Contact, 1)
    assert (dana.first_name, dana.last_name, dana.name) == ("Dana", "Whitlock", "Dana Whitlock")
    assert dana.last_contact_at == AT
    assert (dana.consent, dana.opted_out_at) == ("out", AT)
    assert (dana.fields, dana.is_listed) == ({}, True)


def test_people_and_conversations_have_the_intervals_their_columns_tell_of(old):
    more = {"queue_id": 1, "waiting_since": AT, "contact_id": 1, "account_id": 1}
    minute = timedelta(minutes=1)
    accepted = {"assigned_at": AT + minute, "owner_id": 1, "first_reply_at": AT + 2 * minute}
    ended = {"state": "closed", "closed_at": AT + 9 * minute, "close_reason": "agent"}
    _add("queues", {"id": 1, "name": "Support"})
    _add("interactions", ROWS["interactions"] | more | accepted | ended | {"id": 2})
    _add("interactions", ROWS["interactions"] | more | {"id": 3, "state": "waiting"})
    db.session.commit()

    upgrade()
    db.session.rollback()
    (ana,) = db.session.scalars(select(AgentInterval)).all()
    assert (ana.user_id, ana.state, ana.from_at, ana.to_at) == (1, "offline", AT, None)
    phases = db.session.scalars(select(InteractionPhase)).all()
    assert sorted(
        (row.interaction_id, row.phase, row.from_at, row.to_at, row.outcome) for row in phases
    ) == [
        (1, "unmanaged", AT, AT, "closed"),
        (2, "assigned", AT + minute, AT + 9 * minute, "closed"),
        (2, "waiting", AT, AT + minute, "accepted"),
        (3, "waiting", AT, None, None),
    ]
    (held,) = (row for row in phases if row.phase == "assigned")
    assert (held.owner_id, held.first_reply_seconds, held.accepted_at) == (1, 120, AT + minute)


def test_campaigns_that_were_agreed_to_keep_to_how_many_that_was(old):
    upgrade(revision="0014")
    db.session.rollback()
    loaded, unloaded, alone = (
        {"id": id, "name": f"Number {id}", "account_id": 1, "approved_at": at, "token": "0" * 16}
        for id, at in ((1, AT), (2, AT), (3, None))
    )
    said = {"audience": {}, "stop_rules": {}, "steps": []}
    counts = {"variant_id": 0, "shard": 0}
    for columns in (loaded, unloaded, alone):
        _add("campaigns", said | columns)
    for name, many in (("read", 90), ("queued", 10), ("skipped", 7), ("ever:read", 90)):
        for id in (1, 3):
            _add("campaign_counts", counts | {"campaign_id": id, "name": name, "count": many})
    db.session.commit()

    upgrade()
    db.session.rollback()
    people = select(Campaign.approval_people).order_by(Campaign.id)
    assert db.session.scalars(people).all() == [100, None, None]


def test_outcomes_to_choose_from_are_there_and_nothing_has_one_yet(old):
    upgrade()
    db.session.rollback()

    names = [(label.name, label.level, label.row.account_id) for label in dispositions.tree()]
    everywhere = (1, None)
    assert names == [
        ("Interested", *everywhere),
        ("Not interested", *everywhere),
        ("Sold", *everywhere),
        ("Special", *everywhere),
    ]
    interaction = db.session.get(Interaction, 1)
    assert (interaction.disposition_id, interaction.disposition_path) == (None, None)
    assert not interaction.account.needs_disposition
    (phase,) = db.session.scalars(select(InteractionPhase)).all()
    assert phase.disposition_id is None


def test_what_was_there_is_summed_up_and_what_changes_of_it_counts(old):
    upgrade()
    db.session.rollback()
    day = (AT - timedelta(hours=12), AT + timedelta(hours=12))

    def counted():
        found = summed.count(figures.WRITTEN, *day, by=("account",))
        return {name: many for name, many in found[(1,)].items() if many}

    assert counted() == {"sent": 1}
    summing.sweep()
    assert summed.of_period(Kind.MESSAGES, *day).raw == []
    assert counted() == {"sent": 1}
    db.session.execute(text("UPDATE messages SET status = 'read'"))
    db.session.commit()
    assert counted() == {"sent": 1, "delivered": 1, "read": 1}
    assert summing.pending() == 1
    summing.sweep()
    assert summing.pending() == 0
    assert counted() == {"sent": 1, "delivered": 1, "read": 1}


def _add(name, columns):
    found = table(name)
    needed = {column.name: _anything(column) for column in found.c if _is_needed(column)}
    db.session.execute(found.insert().values(needed | columns))


def test_what_waited_during_the_upgrade_is_processed_after_it(old):
    upgrade()
    db.session.rollback()

    draining.drain(1)
    db.session.expire_all()
    assert db.session.get(WebhookPayload, 1).processed_at is not None


def test_references_hold_after_the_upgrade(old):
    upgrade()
    db.session.rollback()

    if db.engine.dialect.name == "sqlite":
        assert db.session.execute(text("PRAGMA foreign_key_check")).all() == []
        assert db.session.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    with pytest.raises(Exception, match="(?i)foreign key"):
        db.session.execute(text("DELETE FROM accounts"))
        db.session.commit()


def test_an_upgrade_that_was_done_changes_nothing_more(old):
    upgrade()
    db.session.rollback()
    before = stored()

    upgrade()
    db.session.rollback()
    assert stored() == before
