"""Every provider in turn, an account at it, and a conversation with a customer there."""

import pytest

from tests.providers.casts import CASTS
from tests.support.arriving import interactions
from tests.webhooks.far_side import side_of
from webapp.unit_of_work import unit_of_work


@pytest.fixture(params=CASTS)
def facts(request):
    return CASTS[request.param]


@pytest.fixture
def side(app, client, facts, queue, tmp_path):
    side = side_of(facts, client, queue)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**side.environment(), "MEDIA_DIR": tmp_path}.items():
            patch.setitem(app.config, name, value)
        yield side
    side.close()


@pytest.fixture
def talk(side, ana):
    """The customer has written, and Ana has taken it."""
    assert side.says("Hello") == 200
    side.drain()
    with unit_of_work():
        (talk,) = interactions()
        talk.owner_id, talk.state = ana.id, "assigned"
    return talk
