"""Hours pass for one conversation, and for nobody else."""

from datetime import timedelta

import pytest
from sqlalchemy import DateTime, select

from tests.factories import make_account, make_contact, make_interaction, make_message
from webapp.columns import UtcDateTime
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import CloseReason, Interaction, InteractionState, Message
from webapp.sandbox import shifting
from webapp.unit_of_work import unit_of_work

DAY = 24 * 3600


def shift(interaction, seconds):
    with unit_of_work():
        found = db.session.get(Interaction, interaction.id)
        shifting.shift(found.account, found.contact, seconds)


@pytest.fixture
def conversation(cast, account):
    interaction = make_interaction(account, make_contact("Dana", "15550000001"), owner=cast.ana)
    make_message(interaction, "Hello")
    return db.session.get(Interaction, interaction.id)


def test_after_a_day_the_ordinary_sweep_closes_the_conversation(conversation):
    shift(conversation, DAY)
    with unit_of_work():
        assert closing.sweep() == 1

    found = db.session.get(Interaction, conversation.id)
    assert (found.state, found.close_reason) == (InteractionState.CLOSED, CloseReason.TIMEOUT)
    assert found.left_unanswered


def test_five_minutes_before_the_end_it_is_still_open(conversation):
    shift(conversation, DAY - 300)
    with unit_of_work():
        assert closing.sweep() == 0

    assert db.session.get(Interaction, conversation.id).window_open()


def test_every_stored_time_moves_by_the_same_length(conversation):
    before = {name: getattr(conversation, name) for name in shifting.TIMES[Interaction]}
    written = db.session.scalar(select(Message.written_at))

    shift(conversation, 3600)

    after = db.session.get(Interaction, conversation.id)
    hour = timedelta(hours=1)
    for name, moment in before.items():
        assert getattr(after, name) == (moment - hour if moment else None), name
    assert db.session.scalar(select(Message.written_at)) == written - hour


def test_no_time_of_a_conversation_is_forgotten():
    for table, names in shifting.TIMES.items():
        times = {
            column.key
            for column in table.__table__.columns
            if isinstance(column.type, UtcDateTime | DateTime)
        }
        assert set(names) == times, table


def test_other_conversations_stay_where_they_are(conversation, account):
    other = make_interaction(account, make_contact("Kwame", "15550000002"))
    before = other.session_expires_at

    shift(conversation, DAY)

    assert db.session.get(Interaction, other.id).session_expires_at == before


def test_time_passes_in_the_sandbox_only(cast):
    account = make_account(provider="meta")
    interaction = make_interaction(account, make_contact())

    with pytest.raises(ValueError, match="sandbox"):
        shift(interaction, DAY)
