"""A revoked token: the agent reads it above the inbox, the admin mends it, the reply goes out."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.factories import make_interaction
from webapp.extensions import db
from webapp.inbox.models import Message, MessageStatus

pytestmark = pytest.mark.slow


@pytest.fixture
def token(live_server):
    """`token.revoke()`: from now on Meta refuses the account's token, until `token.give_back()`."""
    stub = live_server.stub
    known = stub.secrets["access_token"]
    yield SimpleNamespace(
        revoke=lambda: stub.secrets.update(access_token="another"),
        give_back=lambda: stub.secrets.update(access_token=known),
    )
    stub.secrets["access_token"] = known
    stub.broken_rules.clear()


def test_replies_wait_while_the_token_is_refused_and_go_out_by_themselves(
    open_as, live_server, token
):
    cast = live_server.cast
    talk = make_interaction(live_server.account, owner=cast.ana, queue=cast.queue)
    token.revoke()
    ana, admin = open_as(cast.ana), open_as(cast.admin)
    ana.page.goto(f"/inbox/{talk.id}")
    ana.connected()
    box = ana.page.locator("textarea").first
    box.fill("It is on its way")
    box.press("Enter")

    line = ana.page.locator("#hindered")
    expect(line).to_contain_text("Northgate Care can't send right now")
    expect(line).to_contain_text("Your replies wait and go out by themselves.")
    expect(ana.page.locator(".composer")).to_be_in_viewport()  # the line pushes nothing out
    expect(admin.page.locator("#alerts-count")).to_have_text("1")

    admin.page.goto(f"/accounts/{live_server.account.id}")
    token.give_back()
    admin.page.locator("#resume").click()

    expect(line).to_be_hidden()
    live_server.until(
        lambda: db.session.query(Message).filter_by(status=MessageStatus.SENT).count() == 1
    )
    expect(admin.page.locator("#health")).not_to_contain_text("Nothing leaves since")
