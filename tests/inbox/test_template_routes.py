"""Templates beside a conversation and for a first contact, as pages."""

import io
import json
from datetime import timedelta

import pytest

from tests.factories import (
    change,
    make_account,
    make_contact,
    make_interaction,
    make_message,
    make_meta_account,
    save,
)
from tests.inbox.templates import VISIT, make_template
from tests.support.files import picture
from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Direction, Draft, Interaction, Message
from webapp.settings.models import Setting

HTMX = {"HX-Request": "true"}


@pytest.fixture
def north(queue):
    return make_meta_account(queue)


@pytest.fixture
def dana():
    return make_contact(first_name="Dana", phone="15550142233")


@pytest.fixture
def ended(north, dana, ana, queue):
    past = utcnow() - timedelta(hours=2)
    return make_interaction(
        north,
        dana,
        owner=ana,
        queue=queue,
        state="closed",
        close_reason="timeout",
        closed_at=past,
        window_expires_at=past,
        session_expires_at=past,
    )


@pytest.fixture
def desk(sign_in, ana):
    return sign_in(ana)


def form(template, **values):
    return {"template": template.id, "client_key": "key-1", **values}


def text(answer):
    return answer.get_data(as_text=True)


def test_a_closed_conversation_offers_templates_in_place_of_the_text_box(desk, ended):
    page = text(desk.get(f"/inbox/{ended.id}"))

    assert "The reply window closed" in page
    assert "Send an approved template; the window opens again when Dana answers." in page
    assert f'data-templates-url="/inbox/{ended.id}/templates"' in page
    assert 'data-state="closed" data-templates="yes"' in page


def test_the_picker_shows_the_recontact_template_filled_in(desk, ended, north):
    make_template("a_first", account=north)
    make_template("come_back", account=north, recontact=True)
    page = text(desk.get(f"/inbox/{ended.id}/templates", headers=HTMX))

    assert page.index("come_back") < page.index("a_first")
    assert '<span class="var">Dana</span>' in page
    assert "All values filled in" in page


def test_what_is_missing_is_counted_and_marked(desk, ended, north):
    make_template("visit", VISIT, account=north, parameter_format="named")
    page = text(desk.get(f"/inbox/{ended.id}/templates", headers=HTMX))

    assert "3 of 4 values to check" in page
    assert '<span class="var var--empty">{{day}}</span>' in page
    assert "From the contact&#39;s first name" in page


def test_the_preview_follows_what_is_typed_as_text(desk, ended, north):
    made = make_template("visit", VISIT, account=north, parameter_format="named")
    page = text(
        desk.get(
            f"/inbox/{ended.id}/templates/{made.id}",
            query_string={"preview": 1, "value-body-day": "<b>Friday</b>"},
            headers=HTMX,
        )
    )

    assert "&lt;b&gt;Friday&lt;/b&gt;" in page
    assert "<input" not in page


def test_one_click_begins_the_linked_conversation_and_opens_it(desk, ended, north, ana):
    made = make_template(account=north)
    answer = desk.post(
        f"/inbox/{ended.id}/template",
        data=form(made, **{"value-body-1": "Dana"}),
        headers=HTMX,
    )

    new = db.session.query(Interaction).filter_by(direction="out").one()
    assert (new.previous_id, new.owner_id) == (ended.id, ana.id)
    assert json.loads(answer.headers["HX-Location"])["path"] == f"/inbox/{new.id}"
    shown = text(desk.get(f"/inbox/{new.id}"))
    assert "Hello Dana, are you there?" in shown
    assert "You can write freely when Dana answers" in shown
    assert "its 24 hours start when it is delivered" in shown
    message = db.session.get(Message, new.session_message_id)
    change(message, status="delivered")
    change(new, last_status="delivered")
    assert "24 hours from delivery" in text(desk.get(f"/inbox/{new.id}"))


def test_a_double_click_sends_once(desk, ended, north):
    made = make_template(account=north)
    for _ in range(2):
        desk.post(
            f"/inbox/{ended.id}/template",
            data=form(made, **{"value-body-1": "Dana"}),
            headers=HTMX,
        )

    assert db.session.query(Message).count() == 1


def test_an_empty_value_is_answered_in_a_sentence_and_nothing_is_begun(desk, ended, north):
    made = make_template(account=north)
    answer = desk.post(
        f"/inbox/{ended.id}/template", data=form(made, **{"value-body-1": " "}), headers=HTMX
    )

    assert answer.status_code == 409
    assert "Value 1 is empty" in text(answer)
    assert db.session.query(Interaction).count() == 1


def test_who_has_taken_it_meanwhile_is_said(desk, ended, north, dana, ben):
    made = make_template(account=north)
    make_interaction(north, dana, owner=ben)
    answer = desk.post(
        f"/inbox/{ended.id}/template", data=form(made, **{"value-body-1": "Dana"}), headers=HTMX
    )

    assert "Ben Agent is already writing with Dana" in text(answer)


def test_others_see_neither_picker_nor_template(sign_in, otto, ended, north):
    made = make_template(account=north)
    desk = sign_in(otto)

    assert desk.get(f"/inbox/{ended.id}/templates").status_code == 404
    assert desk.get(f"/inbox/{ended.id}/templates/{made.id}").status_code == 404
    assert desk.post(f"/inbox/{ended.id}/template", data=form(made)).status_code == 404


def test_an_open_conversation_of_mine_takes_a_template_too(desk, north, ana, dana):
    talk = make_interaction(north, dana, owner=ana)
    made = make_template(account=north)
    answer = desk.post(
        f"/inbox/{talk.id}/template", data=form(made, **{"value-body-1": "Dana"}), headers=HTMX
    )

    assert json.loads(answer.headers["HX-Trigger"]) == {"toast": "Template sent"}
    assert db.session.query(Message).one().interaction_id == talk.id


def test_an_open_conversation_of_a_colleague_does_not(desk, north, ben, queue):
    talk = make_interaction(north, owner=ben, queue=queue)
    made = make_template(account=north)
    answer = desk.post(f"/inbox/{talk.id}/template", data=form(made, **{"value-body-1": "D"}))

    assert answer.status_code == 403


def test_a_text_the_window_stopped_may_go_as_a_template(desk, north, ana):
    talk = make_interaction(north, owner=ana, window_expires_at=utcnow() - timedelta(hours=1))
    make_message(
        talk, "Tomorrow?", Direction.OUT, status="failed", error_code="131047", error="Closed."
    )
    page = text(desk.get(f"/inbox/{talk.id}"))

    assert 'data-send-as-template="Tomorrow?"' in page


def test_an_unsent_draft_is_offered_as_a_value(desk, ended, north, ana):
    make_template("visit", VISIT, account=north, parameter_format="named")
    save(Draft(interaction_id=ended.id, user_id=ana.id, mode="reply", text="Around ten?"))
    page = text(desk.get(f"/inbox/{ended.id}/templates", headers=HTMX))

    assert 'data-use-draft="Around ten?"' in page


def test_where_the_provider_has_no_templates_the_composer_says_so(desk, ana, queue):
    past = utcnow() - timedelta(hours=2)
    ended = make_interaction(
        make_account(queue, provider="twilio"), owner=ana, queue=queue, state="closed",
        window_expires_at=past, session_expires_at=past,
    )  # fmt: skip
    page = text(desk.get(f"/inbox/{ended.id}"))

    assert 'data-state="closed" data-templates="no"' in page
    assert "A new conversation opens when Dana writes again." in page


def test_on_the_inbound_plan_the_picker_says_why_and_plus_is_hidden(desk, ended, north):
    make_template(account=north)
    assert 'href="/inbox/new"' in text(desk.get("/"))
    save(Setting(name="plan", value={"kind": "inbound"}))

    assert "Your plan is inbound only" in text(desk.get(f"/inbox/{ended.id}/templates"))
    assert 'href="/inbox/new"' not in text(desk.get("/"))
    assert desk.get("/inbox/new").status_code == 403
    assert desk.post("/inbox/new", data={}).status_code == 403


def test_while_the_window_is_open_one_may_write_again_at_once(desk, ended, ana):
    change(ended, window_expires_at=utcnow() + timedelta(hours=3), close_reason="agent")
    assert "Write again" in text(desk.get(f"/inbox/{ended.id}"))
    desk.post(f"/inbox/{ended.id}/continue")

    new = db.session.query(Interaction).filter_by(direction="out").one()
    assert 'data-state="open"' in text(desk.get(f"/inbox/{new.id}"))


def test_a_picture_on_top_is_asked_for_and_sent(desk, ended, north):
    components = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look"}]
    made = make_template("look", components, account=north)
    page = text(desk.get(f"/inbox/{ended.id}/templates", headers=HTMX))
    assert 'type="file"' in page and "required" in page
    url = f"/inbox/{ended.id}/template"
    assert "begins with a picture" in text(desk.post(url, data=form(made), headers=HTMX))

    file = (io.BytesIO(picture()), "shop.jpg", "image/jpeg")
    desk.post(url, data=form(made, file=file), headers=HTMX)

    message = db.session.query(Message).one()
    assert (message.media.mime_type, message.content["header_kind"]) == ("image/jpeg", "image")


def test_the_templates_own_sample_goes_where_no_file_is_chosen(desk, ended, north):
    components = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look"}]
    sample = {"key": "ab" * 16, "mime_type": "image/png", "filename": "lamp.png", "size": 12}
    made = make_template("look", components, account=north, media=sample)
    desk.post(f"/inbox/{ended.id}/template", data=form(made), headers=HTMX)

    media = db.session.query(Message).one().media
    assert (media.storage_key, media.filename) == ("ab" * 16, "lamp.png")


def test_plus_finds_contacts_one_may_see_and_new_numbers(desk, north, ana, dana):
    make_interaction(north, dana, owner=ana, state="closed", session_expires_at=utcnow())
    found = text(desk.get("/inbox/new/contacts", query_string={"q": "Dana"}))
    assert f"contact={dana.id}" in found
    new = text(desk.get("/inbox/new/contacts", query_string={"q": "+351 912 345 678"}))
    assert "Write to +351 912 345 678" in new
    wrong = text(desk.get("/inbox/new/contacts", query_string={"q": "+1 555 12"}))
    assert "Too short" in wrong


def test_plus_begins_a_conversation_with_a_new_number(desk, north, ana):
    make_interaction(north, owner=ana)  # so that Ana serves the account
    made = make_template(account=north)
    page = text(
        desk.get("/inbox/new", query_string={"number": "+351912345678", "account": north.id})
    )
    assert "parcel_new_attempt" in page and "Not in your contacts yet" in page
    answer = desk.post(
        "/inbox/new",
        data=form(made, account=north.id, number="+351912345678", **{"value-body-1": "Rui"}),
    )

    new = db.session.query(Interaction).filter_by(direction="out").one()
    assert answer.headers["Location"] == f"/inbox/{new.id}"
    assert (new.owner_id, new.contact.phone) == (ana.id, "351912345678")


def test_a_number_somebody_has_is_that_contact(desk, north, ana, dana):
    make_interaction(north, dana, owner=ana)
    page = text(
        desk.get("/inbox/new", query_string={"number": "+1 555 014 2233", "account": north.id})
    )

    assert "You have an open conversation with Dana" in page


def test_only_accounts_that_send_templates_are_offered(desk, sign_in, sara, north, queue):
    make_account(queue, provider="twilio", name="By Twilio")
    page = text(sign_in(sara).get("/inbox/new"))

    assert north.name in page
    assert "By Twilio" not in page


def test_the_picker_costs_the_same_with_many_templates(desk, ended, north):
    def cost():
        with counted_queries() as queries:
            desk.get(f"/inbox/{ended.id}/templates", headers=HTMX)
        return len(queries)

    make_template("one", account=north)
    few = cost()
    for number in range(12):
        make_template(f"more_{number}", account=north)

    assert cost() == few
    page = text(desk.get(f"/inbox/{ended.id}/templates", query_string={"q": "more 7"}))
    assert "more_7" in page and "more_6" not in page
