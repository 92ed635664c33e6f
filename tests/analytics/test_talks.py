"""Behind a figure stand its conversations, and no others."""

import re
from datetime import timedelta

import pytest

from tests import factories
from tests.analytics.pages import text_of
from webapp.columns import utcnow
from webapp.staff.models import Team, TeamMember


def test_behind_a_figure_stand_its_conversations(sign_in, sara, ana, waiting, computed):
    computed()
    browser = sign_in(sara)
    assert "Dana Whitlock" in text_of(browser.get("/board/behind/waiting"))
    assert "None" in text_of(browser.get("/board/behind/accepted"))

    browser.post(f"/board/conversations/{waiting.id}/assign", data={"user": ana.id})
    assert "Dana Whitlock" in text_of(browser.get("/board/behind/accepted?period=today"))
    assert "None" in text_of(browser.get("/board/behind/waiting"))
    assert browser.get("/board/behind/nothing").status_code == 404


def test_behind_an_account_s_row_stands_all_that_it_counts(
    sign_in, sara, account, waiting, computed
):
    """Its figures are of all queues, whichever is chosen."""
    elsewhere = factories.make_queue("Billing", [])
    contact = factories.make_contact("Ellen Elsewhere")
    factories.make_interaction(account, contact, queue=elsewhere)
    computed()
    browser = sign_in(sara)
    page = text_of(browser.get(f"/board?tab=accounts&queue={waiting.queue_id}"))
    row = page.split(f'id="account-{account.id}"')[1].split("</tr>")[0]
    (address, number), *_ = re.findall(r'href="(/board/behind/open[^"]*)">(\d+)<', row)

    assert number == "2"
    behind = text_of(browser.get(address.replace("&amp;", "&")))
    assert "Dana Whitlock" in behind and "Ellen Elsewhere" in behind


def test_behind_a_figure_stands_what_it_is_narrowed_to_and_nothing_else(
    sign_in, sara, ana, account, queue, computed
):
    computed()
    browser, chosen = sign_in(sara), f"queue={queue.id}&account={account.id}"
    for figure, words in (
        (f"closed?{chosen}", f"{queue.name}, {account.name}"),
        (f"received?{chosen}", account.name),
        (f"closed?{chosen}&agent={ana.id}", ana.name),
    ):
        said = f'<span class="tiny muted">Last 30 min, {words}</span>'
        assert said in text_of(browser.get(f"/board/behind/{figure}"))


def test_behind_a_figure_of_a_queue_and_a_team_stands_what_is_of_both(
    sign_in, sara, ana, otto, waiting, computed
):
    computed()
    browser = sign_in(sara)
    browser.post(f"/board/conversations/{waiting.id}/assign", data={"user": ana.id})
    for member, expected in ((ana, "Dana Whitlock"), (otto, "<h2>None</h2>")):
        team = factories.save(Team(name=f"Team of {member.name}"))
        factories.save(TeamMember(team_id=team.id, user_id=member.id))
        chosen = f"period=today&queue={waiting.queue_id}&team={team.id}"
        assert expected in text_of(browser.get(f"/board/behind/accepted?{chosen}"))


def test_behind_failed_sends_stand_those_of_the_tile_s_hour(sign_in, sara, waiting, computed):
    failed = {"direction": "out", "status": "failed"}
    factories.make_message(waiting, received_at=utcnow() - timedelta(minutes=50), **failed)
    computed()
    browser = sign_in(sara)
    behind = text_of(browser.get(f"/board/behind/failed_hour?queue={waiting.queue_id + 1}"))
    assert "Dana Whitlock" in behind and "Last hour" in behind


def test_the_service_level_is_told_by_how_the_waiting_ended(
    sign_in, sara, ana, account, queue, computed
):
    factories.change(queue, service_seconds=60)
    browser = sign_in(sara)
    talk = factories.make_interaction(account, factories.make_contact("Dana Whitlock"), queue=queue)
    browser.post(f"/board/conversations/{talk.id}/assign", data={"user": ana.id})
    late = factories.make_interaction(
        account,
        factories.make_contact("Omar Farouk"),
        queue=queue,
        waiting_since=utcnow() - timedelta(minutes=5),
    )
    browser.post(f"/board/conversations/{late.id}/assign", data={"user": ana.id})
    computed()

    page = text_of(browser.get("/board/behind/level?period=today"))
    assert "Omar Farouk" in page and "Dana Whitlock" not in page
    in_time = text_of(browser.get("/board/behind/accepted_in_time?period=today"))
    assert "Dana Whitlock" in in_time and "Omar Farouk" not in in_time
    assert "None" in text_of(browser.get("/board/behind/timed_out?period=today"))
    assert 'Late <span class="count count--plain">1<' in page


@pytest.mark.parametrize("figure", ["received", "sent", "failed", "unread", "left", "unmanaged"])
def test_behind_every_figure_stand_its_conversations(sign_in, sara, ana, account, queue, figure):
    contact = factories.make_contact("Dana Whitlock")
    states = {"left": "closed", "unmanaged": "unmanaged"}
    talk = factories.make_interaction(
        account,
        contact,
        queue=queue,
        unread=2,
        state=states.get(figure, "waiting"),
        left_unanswered=figure == "left",
    )
    directions = {"sent": ("out", "sent"), "failed": ("out", "failed")}
    direction, status = directions.get(figure, ("in", "received"))
    factories.make_message(talk, direction=direction, status=status)
    address = f"/board/behind/{figure}?period=today&account={account.id}"
    assert "Dana Whitlock" in text_of(sign_in(sara).get(address))
    other = factories.make_account()
    address = f"/board/behind/{figure}?period=today&account={other.id}"
    assert "Dana Whitlock" not in text_of(sign_in(sara).get(address))


def test_behind_an_agent_s_unread_stand_theirs_alone(sign_in, sara, ana, ben, account, queue):
    mine = factories.make_contact("Dana Whitlock")
    factories.make_interaction(account, mine, owner=ana, queue=queue, unread=1)
    other = factories.make_contact("Omar Farouk")
    factories.make_interaction(account, other, owner=ben, queue=queue, unread=1)
    page = text_of(sign_in(sara).get(f"/board/behind/unread?agent={ana.id}"))
    assert "Dana Whitlock" in page and "Omar Farouk" not in page
