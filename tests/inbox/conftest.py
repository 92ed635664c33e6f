"""Meta's send endpoint, as a real server on this machine."""

import pytest

from tests.support.stubs.meta import MetaStub


@pytest.fixture
def stub(app):
    server = MetaStub()
    before = app.config["META_API_URL"]
    app.config["META_API_URL"] = server.url
    yield server
    app.config["META_API_URL"] = before
    server.close()
