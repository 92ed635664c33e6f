import pytest

from webapp.analytics import realtime
from webapp.extensions import db


@pytest.fixture
def computed(cast):
    """`computed()` computes the board as the clock would."""

    def compute():
        realtime.watch()
        realtime.Board().tick()
        db.session.rollback()

    return compute
