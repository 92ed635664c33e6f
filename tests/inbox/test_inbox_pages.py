"""The inbox over HTTP: who sees what, what is escaped, what a wrong request is told."""

import io
import threading
from datetime import timedelta

import pytest

from tests import factories
from tests.factories import change
from tests.support.queries import counted_queries
from webapp import media_store
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox import drafts
from webapp.inbox.media_models import Media, MediaState
from webapp.inbox.models import Direction, Draft, Interaction, Message
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


def reply(agent, talk, text="Hello", key="key-1", headers=None, **more):
    data = {"text": text, "client_key": key, **more}
    return agent.post(f"/inbox/{talk.id}/reply", data=data, headers=headers or HTMX)


def page_of(agent, talk):
    answer = agent.get(f"/inbox/{talk.id}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def sent():
    db.session.rollback()
    return db.session.query(Message).filter_by(direction=Direction.OUT).all()


# ── who sees what ──


def test_without_a_sign_in_there_is_nothing_to_see(client, talk):
    assert client.get("/").status_code == 302
    assert client.get(f"/inbox/{talk.id}").status_code == 302
    assert client.get("/inbox/list", headers=HTMX).status_code == 401


@pytest.mark.parametrize("part", ["", "/thread", "/composer", "/contact"])
def test_an_outsider_learns_nothing_of_a_conversation(cast, sign_in, talk, part):
    assert sign_in(cast.otto).get(f"/inbox/{talk.id}{part}").status_code == 404


def test_a_colleague_reads_along_but_cannot_reply(cast, sign_in, talk):
    ben = sign_in(cast.ben)
    assert "Ana Agent answers this" in page_of(ben, talk)
    answer = reply(ben, talk)
    assert answer.status_code == 403
    assert "Ana Agent answers this conversation" in answer.get_data(as_text=True)
    assert sent() == []


def test_a_colleague_may_leave_a_note(cast, sign_in, talk):
    data = {"text": "Ask for the gate code", "client_key": "note-1"}
    answer = sign_in(cast.ben).post(f"/inbox/{talk.id}/note", data=data, headers=HTMX)
    assert answer.status_code == 200
    assert "Note from you" in answer.get_data(as_text=True)


def test_only_the_owner_wraps_up(cast, sign_in, talk):
    assert sign_in(cast.ben).post(f"/inbox/{talk.id}/close", headers=HTMX).status_code == 403
    assert sign_in(cast.ana).post(f"/inbox/{talk.id}/close", headers=HTMX).status_code == 204
    db.session.rollback()
    assert db.session.get(Interaction, talk.id).state == "closed"


# ── writing ──


def test_the_same_key_twice_stores_one_reply(agent, talk):
    first, second = reply(agent, talk), reply(agent, talk)
    assert first.status_code == second.status_code == 200
    assert len(sent()) == 1
    assert f'id="message-{sent()[0].id}"' in second.get_data(as_text=True)


def test_a_reply_without_script_goes_back_to_the_conversation(agent, talk):
    answer = reply(agent, talk, headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.location.endswith(f"/inbox/{talk.id}")


def test_five_thousand_characters_come_back_with_the_reason(agent, talk):
    text = "x" * 5000
    answer = reply(agent, talk, text)
    body = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "takes up to 4,096 characters; this has 5,000" in body
    assert text in body
    assert sent() == []


def test_after_the_window_closed_free_text_is_refused_and_kept(agent, talk):
    with unit_of_work():
        row = db.session.get(Interaction, talk.id)
        row.window_expires_at = row.session_expires_at = utcnow() - timedelta(minutes=1)
    answer = reply(agent, talk, "Too late")
    assert answer.status_code == 409
    assert "Too late" in answer.get_data(as_text=True)
    assert sent() == []
    assert "The reply window closed" in page_of(agent, talk)


def test_a_quote_belongs_to_the_same_conversation(cast, agent, talk):
    other = factories.make_interaction(cast.account, owner=cast.ana)
    elsewhere = factories.make_message(other, "Not yours")
    assert reply(agent, talk, reply_to=elsewhere.id).status_code == 404
    asked = db.session.query(Message).filter_by(interaction_id=talk.id).one()
    assert reply(agent, talk, reply_to=asked.id).status_code == 200
    assert sent()[0].reply_to == asked.provider_id


def test_a_draft_is_kept_until_the_reply_is_accepted(agent, talk):
    data = {"text": "I have begun", "mode": "reply"}
    assert agent.post(f"/inbox/{talk.id}/draft", data=data).status_code == 204
    assert "I have begun" in page_of(agent, talk)
    reply(agent, talk, "x" * 5000)
    assert db.session.query(Draft).count() == 1
    reply(agent, talk, "I have begun and ended")
    db.session.rollback()
    assert db.session.query(Draft).count() == 0


def test_drafts_of_reply_and_note_are_two(cast, talk):
    with unit_of_work():
        drafts.save(talk, cast.ana, "reply", "to the customer")
        drafts.save(talk, cast.ana, "note", "to my team")
        drafts.save(talk, cast.ana, "note", "to my team, longer")
    kept = drafts.of(talk, cast.ana)
    assert {mode: draft.text for mode, draft in kept.items()} == {
        "reply": "to the customer",
        "note": "to my team, longer",
    }


# ── what is shown ──


def test_nothing_a_customer_says_or_is_called_becomes_markup(cast, agent):
    contact = factories.make_contact("<script>alert(1)</script>")
    row = factories.make_interaction(cast.account, contact, owner=cast.ana, queue=cast.queue)
    factories.make_message(row, "<img src=x onerror=alert(1)>")
    page = page_of(agent, row)
    assert "<script>alert(1)" not in page and "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page and "&lt;img src=x" in page


def test_right_to_left_text_decides_its_own_direction(agent, talk):
    factories.make_message(talk, "مرحبا، هل يمكنني تغيير الموعد؟")
    page = page_of(agent, talk)
    assert 'class="bubble" dir="auto"' in page.replace("  ", " ")
    assert "مرحبا" in page


def test_an_emoji_alone_is_large(agent, talk):
    factories.make_message(talk, "👍")
    assert "bubble--emoji" in page_of(agent, talk)


KINDS = {
    "location": {"latitude": 52.4, "longitude": 4.9, "name": "Gate 4", "address": "Damrak 1"},
    "contacts": {"contacts": [{"name": "Site office", "phones": [{"phone": "+31 20 1"}]}]},
    "order": {"items": [{"id": "LAMP", "quantity": 2, "price": 19.9, "currency": "EUR"}]},
    "flow_reply": {"name": "survey", "answers": {"day": "Monday", "flow_token": "hidden"}},
    "unsupported": {"note": "This is a poll, which WhatsApp does not pass on to businesses."},
    "list_reply": {"id": "1", "description": "Before noon"},
    "button": {"payload": "yes"},
    "system": {},
    "something_new": None,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_readable_bubble(agent, talk, kind):
    text = "Chosen" if kind in ("list_reply", "button") else ""
    factories.make_message(talk, text, kind=kind, content=KINDS[kind])
    page = page_of(agent, talk)
    words = {
        "location": "Damrak 1", "contacts": "Site office", "order": "2 × LAMP",
        "flow_reply": "Monday", "unsupported": "This is a poll", "list_reply": "Before noon",
        "button": "Chose from the buttons", "system": "Notice from WhatsApp",
        "something_new": "This kind of message cannot be shown here",
    }  # fmt: skip
    assert words[kind] in page
    assert "flow_token" not in page


def test_what_we_offered_to_tap_is_shown(agent, talk):
    choices = [{"id": "a", "title": "Wednesday"}, {"id": "b", "title": "Thursday"}]
    content = {"choices": choices, "footer": "Between 8:00 and 17:00"}
    factories.make_message(talk, "Which day?", Direction.OUT, kind="interactive", content=content)
    sections = [{"title": "Orders", "choices": [{"id": "c", "title": "Change it"}]}]
    content = {"button": "Choose a topic", "sections": sections}
    factories.make_message(talk, "What else?", Direction.OUT, kind="interactive", content=content)
    page = page_of(agent, talk)
    for words in ("Wednesday", "Between 8:00 and 17:00", "Choose a topic", "Orders", "Change it"):
        assert words in page


def test_a_template_is_shown_as_the_customer_reads_it(agent, talk):
    shown = {"header": "Your delivery", "footer": "Northgate", "buttons": ["Another day"]}
    content = {"name": "delivery_slot", "language": "en", "shown": shown}
    factories.make_message(talk, "Hello Dana", Direction.OUT, kind="template", content=content)
    page = page_of(agent, talk)
    for words in ("Template: delivery_slot", "Your delivery", "Northgate", "Another day"):
        assert words in page


def test_the_ad_a_customer_came_from_is_named_and_linked(agent, talk):
    ad = {"headline": "Autumn lamps", "body": "Only today", "source_url": "https://example.com/ad"}
    factories.make_message(talk, "Hi", content={"referral": ad})
    bad = {"headline": "Odd", "source_url": "javascript:alert(1)"}
    factories.make_message(talk, "Hi again", content={"referral": bad})
    page = page_of(agent, talk)
    assert "From an ad: Autumn lamps" in page and 'href="https://example.com/ad"' in page
    assert "javascript:" not in page


def test_a_failed_message_says_why_and_offers_the_one_thing_that_helps(agent, talk):
    factories.make_message(
        talk, "Lost", Direction.OUT, status="failed", error="Not reachable on WhatsApp"
    )
    factories.make_message(talk, "Perhaps", Direction.OUT, status="unknown")
    page = page_of(agent, talk)
    assert "Not sent: not reachable on WhatsApp." in page and "Try again" in page
    assert "Not sure whether this was sent" in page and "Send again" in page


def test_a_message_tried_again_is_not_offered_twice(agent, talk):
    failed = factories.make_message(talk, "Lost", Direction.OUT, status="failed")
    url = f"/inbox/messages/{failed.id}/retry"
    assert agent.post(url, headers=HTMX).status_code == 200
    assert agent.post(url, headers=HTMX).status_code == 200
    assert len(sent()) == 2
    assert "Sent again below" in page_of(agent, talk)


def test_of_two_who_try_a_message_again_at_once_both_are_shown_the_one_reply(agent, talk):
    failed = factories.make_message(talk, "Lost", Direction.OUT, status="failed")
    url, answers = f"/inbox/messages/{failed.id}/retry", []
    asked = threading.Thread(target=lambda: answers.append(agent.post(url, headers=HTMX)))
    other = {
        "account_id": talk.account_id,
        "contact_id": talk.contact_id,
        "interaction_id": talk.id,
        "client_key": f"retry-{failed.id}",
        "direction": Direction.OUT,
        "status": "queued",
        "text": "Lost",
        "written_at": utcnow(),
    }
    db.session.rollback()
    with db.engine.begin() as first:
        first.execute(Message.__table__.insert(), other)
        asked.start()
        asked.join(1)  # by now it waits for what this transaction does
    asked.join(20)
    assert answers[0].status_code == 200
    assert len(sent()) == 2


def test_other_conversations_are_listed_only_where_they_may_be_opened(cast, sign_in, talk):
    sales = factories.make_queue("Sales", [cast.otto])
    contact = db.session.get(Contact, talk.contact_id)
    factories.make_interaction(
        factories.make_account(sales), contact, queue=sales, last_text="Between us"
    )
    assert "Between us" not in page_of(sign_in(cast.ana), talk)
    assert "Between us" in page_of(sign_in(cast.sara), talk)


# ── files ──


def file_of(talk, name, mime_type="application/pdf", body=b"%PDF-1.4"):
    message = factories.make_message(talk, "", kind="document")
    media_store.put("keptfile.bin", io.BytesIO(body))
    return factories.save(
        Media(
            message_id=message.id,
            account_id=talk.account_id,
            mime_type=mime_type,
            filename=name,
            storage_key="keptfile.bin",
            state=MediaState.READY,
        )
    )


def test_a_file_name_with_slashes_names_no_place(agent, talk):
    media = file_of(talk, "../../etc/pass/wd.pdf")
    answer = agent.get(f"/media/{media.id}")
    assert answer.status_code == 200
    assert "filename=wd.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_what_a_browser_would_run_is_handed_over_never_shown(agent, talk):
    media = file_of(talk, "page.html", "text/html", b"<script>alert(1)</script>")
    answer = agent.get(f"/media/{media.id}")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_files_are_for_those_who_may_see_the_conversation(cast, sign_in, talk):
    media = file_of(talk, "private.pdf")
    assert sign_in(cast.otto).get(f"/media/{media.id}").status_code == 404
    assert sign_in(cast.ben).get(f"/media/{media.id}").status_code == 200


def test_an_ended_conversation_leads_to_the_one_the_customer_has_begun_since(cast, agent, talk):
    change(talk, state="closed", closed_at=utcnow(), close_reason="agent")
    assert "has written again" not in page_of(agent, talk)
    newer = factories.make_interaction(cast.account, talk.contact, owner=cast.ana)
    page = page_of(agent, talk)
    assert "Dana has written again" in page
    assert f'href="/inbox/{newer.id}"' in page


def test_nobody_is_led_to_a_conversation_they_may_not_see(cast, agent, talk):
    change(talk, state="closed", closed_at=utcnow(), close_reason="agent")
    factories.make_interaction(cast.account, talk.contact, owner=cast.sara)
    assert "has written again" not in page_of(agent, talk)


# ── cost ──


def test_a_page_asks_the_database_the_same_number_of_questions_however_full(cast, agent, talk):
    few = cost_of(agent, talk)
    for n in range(15):
        row = factories.make_interaction(cast.account, owner=cast.ana, queue=cast.queue)
        factories.make_message(row, f"Other {n}")
        factories.make_message(talk, f"More {n}")
    assert cost_of(agent, talk) == few


def cost_of(agent, talk):
    db.session.expire_all()
    with counted_queries() as queries:
        page_of(agent, talk)
    return len(queries)


# ── the first day ──


def test_an_admin_without_customers_sees_what_to_set_up(cast, sign_in):
    page = sign_in(cast.admin).get("/").get_data(as_text=True)
    assert "Welcome, Admin" in page and "Paste the webhook at the provider" in page


def test_an_agent_without_customers_sees_a_calm_page(cast, sign_in):
    page = sign_in(cast.ana).get("/").get_data(as_text=True)
    assert "No conversations yet" in page and "Paste the webhook" not in page


def test_errors_say_what_happened_in_plain_words(agent):
    answer = agent.get("/inbox/999999")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.get_data(as_text=True)
    assert agent.get("/inbox/list?section=nowhere&after=x").status_code == 404
    assert agent.get("/inbox/list?section=reply&after=nonsense").status_code == 404


def test_the_list_brings_the_unread_count_along(agent, talk):
    answer = agent.get("/inbox/list", headers={"HX-Request": "true"})
    assert 'id="unread" hx-swap-oob="true" data-unread="1"' in answer.text
