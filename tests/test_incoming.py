"""What no page of ours would send: answered with a reason, kept where it can be, no crash."""

import pytest

from tests import factories
from webapp.extensions import db
from webapp.inbox.models import Draft

HTMX = {"HX-Request": "true"}
HUGE = 10**30


@pytest.fixture
def talk(cast):
    row = factories.make_interaction(cast.account, owner=cast.ana, queue=cast.queue)
    factories.make_message(row, "Is anyone there?")
    return row


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/inbox/{huge}", 400),
        ("/media/{huge}", 400),
        ("/inbox/list?open={huge}", 400),
        ("/inbox/list?section=reply&after=2026-01-01~1", 404),
        ("/inbox/list?section=reply&after=9999-12-31T23:59:59-23:00~1", 404),
        ("/inbox/{talk}/thread?before={huge}", 400),
        ("/inbox/{talk}/thread?after=0&ids={huge}", 400),
        ("/inbox/{talk}/thread?after=0&ids=²,1", 200),
        ("/inbox/list?q=ab%00c", 200),
        ("/inbox/list?q=%00%00%00", 200),
        ("/people?q=a%00", 200),
        ("/people?after={huge}", 200),
        ("/accounts/payloads?before={huge}", 400),
    ],
)
def test_an_address_that_nobody_handed_out(cast, sign_in, talk, address, status):
    browser = sign_in(cast.ana if address.startswith(("/inbox", "/media")) else cast.admin)
    url = address.format(huge=HUGE, talk=talk.id)
    assert browser.get(url, headers=HTMX).status_code == status


def test_a_draft_with_a_nul_is_kept_without_it(cast, sign_in, talk):
    data = {"text": "half\x00 said", "mode": "reply"}
    assert sign_in(cast.ana).post(f"/inbox/{talk.id}/draft", data=data).status_code == 204
    db.session.rollback()
    assert db.session.query(Draft).one().text == "half said"


def test_a_sign_in_with_a_nul_is_a_wrong_one(cast, client):
    data = {"email": "ana\x00@example.org", "password": factories.PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 422


def test_members_of_a_queue_that_are_no_numbers_are_nobody(cast, sign_in):
    data = {"name": "Sales", "strategy": "beep_all", "timeout": 30, "weight": 0}
    data |= {"reply_target": 60, "member": ["²", str(cast.ana.id)]}
    assert sign_in(cast.sara).post("/queues/add", data=data).status_code == 303
