from datetime import timedelta

import pytest

from tests import factories
from webapp.analytics import realtime
from webapp.columns import utcnow
from webapp.extensions import db


@pytest.fixture
def computed(cast):
    """`computed()` computes the board as the clock would."""

    def compute():
        realtime.watch()
        realtime.Board().tick()
        db.session.rollback()

    return compute


@pytest.fixture
def waiting(account, queue):
    """Dana has waited for nine minutes, which is too long."""
    long_ago = utcnow() - timedelta(minutes=9)
    contact = factories.make_contact("Dana Whitlock")
    return factories.make_interaction(account, contact, queue=queue, waiting_since=long_ago)
