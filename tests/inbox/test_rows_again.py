"""Rows that keep their place are sent alone; once one has moved, the whole list is."""

import re

import pytest

from tests import factories
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import CloseReason, Interaction
from webapp.unit_of_work import unit_of_work

HTMX = {"HX-Request": "true"}


@pytest.fixture
def talk(cast):
    row = factories.make_interaction(cast.account, owner=cast.ana, queue=cast.queue)
    factories.make_message(row, "Is anyone there?")
    return row


@pytest.fixture
def agent(cast, sign_in):
    return sign_in(cast.ana)


def listed(browser, **query):
    return browser.get("/inbox/list", query_string=query, headers=HTMX)


def rows(page):
    """What a page says of the rows it shows: `5~reply~2026-…`."""
    found = re.findall(r'data-row="(\d+)" data-place="([^"]+)"', page.text)
    return ",".join(f"{id_}~{place}" for id_, place in found)


def test_a_row_that_keeps_its_place_is_sent_alone(agent, talk):
    known = rows(listed(agent))
    factories.make_message(talk, "and one more")
    answer = listed(agent, rows=known)
    assert answer.headers["HX-Reswap"] == "none"
    assert f'id="row-{talk.id}"' in answer.text and "and one more" in answer.text
    assert 'hx-swap-oob="morph"' in answer.text and 'id="unread" hx-swap-oob' in answer.text
    assert "interaction-list" not in answer.text


@pytest.mark.parametrize("what", ("answered", "closed", "given away"))
def test_once_a_row_has_moved_the_whole_list_is_sent(cast, agent, talk, what):
    known = rows(listed(agent))
    with unit_of_work():
        row = db.session.get(Interaction, talk.id)
        if what == "answered":
            row.unanswered_since = None
        elif what == "closed":
            closing.close(row, CloseReason.AGENT, by=cast.ana)
        else:
            row.owner_id = cast.ben.id
    answer = listed(agent, rows=known)
    assert "HX-Reswap" not in answer.headers
    assert 'id="interaction-list"' in answer.text


@pytest.mark.parametrize("show", ("mine", "queues", "done", "all"))
def test_the_rows_of_every_tab_are_sent_alone_while_they_stay(cast, sign_in, show):
    closed = {"state": "closed", "closed_at": utcnow(), "close_reason": CloseReason.TIMEOUT}
    for owner, columns in (
        (None, {"state": "waiting"}),
        (None, {"state": "unmanaged", "queue": None}),
        (None, closed | {"left_unanswered": True}),
        (cast.sara, {}),
        (cast.sara, {"unanswered_since": utcnow()}),
        (cast.sara, closed | {"left_unanswered": True}),
        (cast.ana, closed),
        (cast.ana, {}),
    ):
        columns = {"queue": cast.queue} | columns
        factories.make_interaction(cast.account, owner=owner, **columns)
    leader = sign_in(cast.sara)
    known = rows(listed(leader, show=show))
    assert known
    answer = listed(leader, show=show, rows=known)
    assert answer.headers["HX-Reswap"] == "none"
    assert rows(answer) == known


def test_nobody_is_sent_the_row_of_a_conversation_they_may_not_see(cast, agent, sign_in, talk):
    known = rows(listed(agent))
    assert f"row-{talk.id}" not in listed(sign_in(cast.otto), rows=known).text


@pytest.mark.parametrize("asked", ("x", "~", "5", "5~reply~never", "9" * 18 + "~reply~x"))
def test_nonsense_for_rows_gives_the_list(agent, asked):
    assert 'id="interaction-list"' in listed(agent, rows=asked).text


def test_what_a_search_found_has_no_place_of_its_own(agent, talk):
    found = listed(agent, q="anyone there")
    assert f"row-{talk.id}" in found.text and not rows(found)
