"""The board's pages: what they show, to whom, and what leaders do from them."""

import gzip
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import select

from tests import factories
from tests.support.queries import counted_queries
from webapp.analytics import front, looking
from webapp.columns import utcnow
from webapp.contacts.models import ContactTag
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import members
from webapp.settings.models import Tag
from webapp.staff import access
from webapp.staff.models import AuditEntry, SignIn, Team, TeamMember, User

AT = re.compile(r'data-at="([^"]+)"')


@pytest.fixture
def waiting(account, queue):
    long_ago = utcnow() - timedelta(minutes=9)
    contact = factories.make_contact("Dana Whitlock")
    return factories.make_interaction(account, contact, queue=queue, waiting_since=long_ago)


def text_of(answer, status=200):
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def audited():
    rows = select(AuditEntry.action).order_by(AuditEntry.id)
    return db.session.scalars(rows).all()


def test_the_board_shows_who_waits_and_who_is_there(sign_in, sara, waiting, computed):
    computed()
    page = text_of(sign_in(sara).get("/board"))

    assert "Dana Whitlock" in page
    assert 'class="is-bad"' in page  # nine minutes are more than five
    assert "Ana Agent" in page
    assert "Realtime" in page


def test_before_the_first_figures_the_page_says_so(sign_in, sara):
    page = text_of(sign_in(sara).get("/board"))

    assert "Waiting for figures" in page
    assert "Figures come within a second or two" in page


@pytest.mark.parametrize(
    "path", ["/board", "/board/now", "/board/behind/waiting", "/board/links", "/board/agents/1"]
)
def test_agents_may_not_look_at_the_board(sign_in, ana, path):
    assert sign_in(ana).get(path).status_code == 403
    assert not access.may_watch(ana, "board")


@pytest.mark.parametrize("act", ["pause", "unpause", "sign-out", "queues"])
def test_agents_may_not_lead_others(sign_in, ana, ben, act):
    assert sign_in(ana).post(f"/board/agents/{ben.id}/{act}").status_code == 403
    assert audited() == []


@pytest.mark.parametrize("act", ["assign", "take", "close"])
def test_agents_may_not_steer_conversations(sign_in, otto, waiting, act):
    assert sign_in(otto).post(f"/board/conversations/{waiting.id}/{act}").status_code == 403


def test_what_all_see_is_made_once_and_asked_for_by_its_number(sign_in, sara, computed):
    sven = factories.make_user("Sven", role="supervisor")
    computed()
    browser = sign_in(sara)
    first = browser.get("/board/now")
    tag = first.headers["ETag"]
    assert browser.get("/board/now", headers={"If-None-Match": tag}).status_code == 304

    other = sign_in(sven)
    assert other.get("/board/now").status_code == 200  # asked who it is, and let in
    with counted_queries() as queries:
        second = other.get("/board/now")
    assert second.get_data() == first.get_data()
    assert queries == []
    packed = other.get("/board/now", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.get_data()) == first.get_data()
    computed()
    assert browser.get("/board/now", headers={"If-None-Match": tag}).status_code == 200


def test_who_was_let_in_is_asked_again_after_a_few_seconds(
    sign_in, sara, ana, computed, time_machine
):
    computed()
    browser = sign_in(sara)
    assert browser.get("/board/now").status_code == 200
    factories.change(sara, role="agent")
    time_machine.move_to(utcnow() + timedelta(seconds=looking.ADMITTED_SECONDS + 1))
    assert browser.get("/board/now").status_code == 403
    assert sign_in(ana).get("/board/now").status_code == 403


def test_one_who_looks_is_asked_for_all_of_them(sign_in, sara, computed, time_machine):
    sven = factories.make_user("Sven", role="supervisor")
    computed()
    browsers = [sign_in(sara), sign_in(sven)]
    for browser in browsers:
        browser.get("/board/now")
    for _ in range(5):
        time_machine.move_to(utcnow() + timedelta(seconds=looking.RENEWED_EVERY + 1))
        computed()
        assert browsers[0].get("/board/now").status_code == 200  # asked, and made anew
        with counted_queries() as queries:
            assert browsers[1].get("/board/now").status_code == 200
        assert queries == []


def test_a_right_taken_away_ends_when_another_is_asked(
    sign_in, sara, admin, computed, time_machine
):
    computed()
    browsers = [sign_in(sara), sign_in(admin)]
    for browser in browsers:
        browser.get("/board/now")
    factories.change(admin, role="agent")
    time_machine.move_to(utcnow() + timedelta(seconds=looking.RENEWED_EVERY + 1))
    assert browsers[0].get("/board/now").status_code == 200
    assert browsers[1].get("/board/now").status_code == 403


def test_everybody_is_seen_to_by_themselves_now_and_then(
    sign_in, sara, admin, computed, time_machine
):
    """A cookie ends too, and that a browser was seen is noted by the ordinary route."""
    computed()
    browsers = [sign_in(sara), sign_in(admin)]
    for browser in browsers:
        browser.get("/board/now")
    for _ in range(looking.WHOLLY_SECONDS // 5 + 1):
        time_machine.move_to(utcnow() + timedelta(seconds=5))
        browsers[0].get("/board/now")
    with counted_queries() as queries:
        assert browsers[1].get("/board/now").status_code == 200
    assert queries


def test_of_all_who_come_at_once_one_has_the_new_figures_made(computed):
    computed()
    made, begun, go_on = [], threading.Event(), threading.Event()

    def ordinary(environ, start_response):
        made.append(environ["HTTP_COOKIE"])
        begun.set()
        go_on.wait(5)
        looking.shared(looking.newest(utcnow())[0], "key", lambda: "figures")
        return []

    def ask(cookie):
        environ = {"PATH_INFO": front.PATH, "REQUEST_METHOD": "GET", "HTTP_COOKIE": cookie}
        return b"".join(front.Front(ordinary)(environ, lambda *_: None))

    for n in range(3):
        looking.admit(f"cookie {n}", "", n, "key")
    with ThreadPoolExecutor() as threads:
        first = threads.submit(ask, "cookie 0")
        assert begun.wait(5)
        others = [threads.submit(ask, f"cookie {n}") for n in (1, 2)]
        go_on.set()
        assert first.result() == b""
        assert [one.result() for one in others] == [b"figures"] * 2
    assert made == ["cookie 0"]


def test_who_asks_while_newer_figures_are_made_gets_those_of_a_moment_before(computed):
    """Nobody waits who holds a connection to the database, and nobody makes them a second time."""
    computed()
    seq, _ = looking.newest(utcnow())
    before = looking.shared(seq, "key", lambda: "before")
    computed()
    seq, _ = looking.newest(utcnow())
    begun, go_on = threading.Event(), threading.Event()

    def slowly():
        begun.set()
        assert go_on.wait(5)
        return "after"

    with ThreadPoolExecutor() as threads:
        first = threads.submit(looking.shared, seq, "key", slowly)
        assert begun.wait(5)
        assert looking.shared(seq, "key", pytest.fail) is before
        go_on.set()
        assert looking.shared(seq, "key", pytest.fail) in (before, first.result())
    assert looking.shared(seq, "key", pytest.fail).html == b"after"


def test_while_redis_is_away_the_figures_stay_and_say_how_old_they_are(
    sign_in, sara, waiting, computed, monkeypatch
):
    computed()
    browser = sign_in(sara)
    before = text_of(browser.get("/board"))
    with monkeypatch.context() as patched:
        nowhere = Redis(port=1, retry=Retry(NoBackoff(), 0))
        patched.setattr(redis_clients, "_hasty", nowhere)
        page = text_of(browser.get("/board"))
    assert "Dana Whitlock" in page
    assert AT.search(page)[1] == AT.search(before)[1]


def test_the_page_costs_the_same_however_much_there_is(sign_in, sara, waiting, computed):
    browser = sign_in(sara)
    computed()
    with counted_queries() as few:
        browser.get("/board")
    for n in range(8):
        other = factories.make_queue(f"Queue {n}")
        factories.make_interaction(factories.make_account(), queue=other)
    computed()
    with counted_queries() as many:
        browser.get("/board")
    assert len(many) == len(few) <= 8


def test_filters_stay_in_the_address_and_narrow_everything(sign_in, sara, waiting, computed):
    other = factories.make_queue("Billing")
    factories.make_interaction(
        factories.make_account(), factories.make_contact("Omar Farouk"), queue=other
    )
    computed()
    browser = sign_in(sara)
    page = text_of(browser.get(f"/board?queue={other.id}&period=today"))

    assert "Omar Farouk" in page
    assert "Dana Whitlock" not in page
    assert f"/board/now?queue={other.id}&amp;period=today" in page


@pytest.mark.parametrize("address", ["queue=x", "queue=99999", "team=7", "period=ever&show=none"])
def test_an_address_that_says_nonsense_still_shows_a_board(sign_in, sara, computed, address):
    computed()
    text_of(sign_in(sara).get(f"/board?{address}"))


@pytest.mark.parametrize("digits", [30, 5000])
def test_an_agent_with_a_number_without_end_is_nobody(sign_in, sara, ana, computed, digits):
    computed()
    browser, number = sign_in(sara), "9" * digits
    text_of(browser.get(f"/board/behind/accepted?agent={number}"))
    answer = browser.post(f"/board/agents/{ana.id}/queues", data={"queue": number})
    assert answer.status_code == 303


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


def test_a_leader_pauses_wakes_and_signs_out_an_agent(sign_in, sara, ana):
    agent = sign_in(ana)
    browser = sign_in(sara)
    browser.post(f"/board/agents/{ana.id}/pause", data={"reason": "Training"})
    person = db.session.get(User, ana.id)
    assert (person.presence, person.pause_reason) == ("paused", "Training")
    assert "Training" in text_of(browser.get(f"/board/agents/{ana.id}"))

    browser.post(f"/board/agents/{ana.id}/unpause")
    assert db.session.get(User, ana.id).presence == "available"
    browser.post(f"/board/agents/{ana.id}/sign-out")
    assert db.session.get(User, ana.id).presence == "offline"
    assert agent.get("/").status_code == 302
    open_ones = select(SignIn).where(SignIn.user_id == ana.id, SignIn.ended_at.is_(None))
    assert db.session.scalars(open_ones).all() == []
    assert audited() == ["paused", "unpaused", "signed out"]


def test_a_leader_moves_an_agent_to_another_queue(sign_in, sara, ana, queue):
    other = factories.make_queue("Billing")
    sign_in(sara).post(f"/board/agents/{ana.id}/queues", data={"queue": [other.id, 4711]})

    assert members.queue_ids_of(ana.id) == [other.id]
    entry = db.session.scalar(select(AuditEntry))
    assert (entry.before, entry.after) == ({"queues": [queue.id]}, {"queues": [other.id]})


def test_a_leader_gives_a_conversation_to_an_agent(sign_in, sara, ana, waiting):
    answer = sign_in(sara).post(f"/board/conversations/{waiting.id}/assign", data={"user": ana.id})

    assert answer.status_code == 303
    talk = db.session.get(Interaction, waiting.id)
    assert (talk.owner_id, talk.state) == (ana.id, InteractionState.ASSIGNED)
    assert audited() == ["assigned"]


def test_nobody_is_given_more_than_their_places(sign_in, sara, ana, account, waiting):
    factories.change(ana, capacity=1)
    factories.make_interaction(account, factories.make_contact("Omar"), owner=ana)
    page = sign_in(sara).post(f"/board/conversations/{waiting.id}/assign", data={"user": ana.id})

    assert "All 1 places of Ana are taken" in text_of(page, 422)
    assert db.session.get(Interaction, waiting.id).owner_id is None


def test_assigning_to_nobody_says_what_to_do(sign_in, sara, waiting):
    page = sign_in(sara).post(f"/board/conversations/{waiting.id}/assign")
    assert "Choose who is to answer" in text_of(page, 422)


def test_a_leader_takes_and_closes_with_audit_rows(sign_in, sara, waiting):
    browser = sign_in(sara)
    browser.post(f"/board/conversations/{waiting.id}/take")
    assert db.session.get(Interaction, waiting.id).owner_id == sara.id

    browser.post(f"/board/conversations/{waiting.id}/close")
    assert db.session.get(Interaction, waiting.id).state == InteractionState.CLOSED
    assert audited() == ["took", "closed"]
    again = sign_in(sara).post(f"/board/conversations/{waiting.id}/take")
    assert "has ended" in text_of(again, 422)


def test_the_page_of_an_agent_is_theirs_not_the_leaders(sign_in, sara, ana):
    page = text_of(sign_in(sara).get(f"/board/agents/{ana.id}"))
    assert '<h1 class="clip">Ana Agent</h1>' in page
    assert f"/board/agents/{ana.id}/pause" in page


def test_the_page_of_an_agent_counts_their_day_and_leads_behind_it(sign_in, sara, ana, waiting):
    browser = sign_in(sara)
    browser.post(f"/board/conversations/{waiting.id}/assign", data={"user": ana.id})
    browser.post(f"/board/conversations/{waiting.id}/close")
    page = text_of(browser.get(f"/board/agents/{ana.id}"))
    address = f"/board/behind/closed?agent={ana.id}&amp;period=today"
    assert f'{address}">Closed</a></span><span class="tile__value num">1<' in page
    assert "Dana Whitlock" in text_of(browser.get(address.replace("&amp;", "&")))


def test_a_leader_pauses_and_resumes_a_campaign_from_the_board(sign_in, sara, account, computed):
    campaign = factories.make_campaign(account, name="Autumn delivery", state="running")
    factories.change(campaign, started_at=utcnow(), launched_at=utcnow(), loaded_at=utcnow())
    computed()
    browser = sign_in(sara)
    path = f"/board/campaigns/{campaign.id}"
    assert f'href="{path}/pause" data-dialog' in text_of(browser.get("/board"))

    assert browser.post(f"{path}/pause").headers["Location"] == "/board?tab=campaigns"
    computed()
    assert f'href="{path}/resume" data-dialog' in text_of(browser.get("/board"))
    assert audited() == ["paused"]


@pytest.mark.parametrize(
    ("tab", "told"),
    [
        ("queues", ("Support", "In turn", "Passed on, missed")),
        ("agents", ("Ana Agent", "Last activity", "/pause")),
        ("conversations", ("Dana Whitlock", "VIP", "/transfer", "From the customer:")),
        ("accounts", ("Sandbox", "none yet", "Failed")),
        ("campaigns", ("Autumn delivery", "Next window", "/stop")),
    ],
)
def test_each_table_has_its_page(sign_in, sara, account, waiting, computed, tab, told):
    factories.make_campaign(account, name="Autumn delivery", state="running")
    tag = factories.save(Tag(name="VIP"))
    factories.save(ContactTag(contact_id=waiting.contact_id, tag_id=tag.id))
    computed()
    browser = sign_in(sara)
    page = text_of(browser.get(f"/board?tab={tab}"))
    for words in told:
        assert words in page
    assert f"/board/now?tab={tab}" in page
    text_of(browser.get(f"/board/now?tab={tab}"))


@pytest.mark.parametrize("tab", ["queues", "agents", "conversations", "accounts", "campaigns"])
def test_a_table_without_rows_says_so(sign_in, sara, tab):
    text_of(sign_in(sara).get(f"/board?tab={tab}&show=unmanaged"))


def test_the_table_of_conversations_costs_the_same_however_many(
    sign_in, sara, account, queue, computed
):
    tag = factories.save(Tag(name="VIP"))

    def asked():
        computed()
        browser = sign_in(sara)
        browser.get("/board?tab=conversations")
        with counted_queries() as queries:
            browser.get("/board?tab=conversations")
        return len(queries)

    def write():
        talk = factories.make_interaction(account, factories.make_contact(), queue=queue)
        factories.save(ContactTag(contact_id=talk.contact_id, tag_id=tag.id))

    write()
    few = asked()
    for _ in range(5):
        write()
    assert asked() == few


def test_supervisors_and_admins_see_what_they_may_open(sign_in, sara, admin, computed):
    computed()
    assert "/accounts/" not in text_of(sign_in(sara).get("/board/now?tab=accounts"))
    assert "/accounts/" in text_of(sign_in(admin).get("/board/now?tab=accounts"))
