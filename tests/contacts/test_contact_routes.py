"""The page of one contact: what it shows, who may see it, what it changes."""

import re

import pytest
from sqlalchemy import select

from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_list,
    make_message,
    make_queue,
    save,
)
from tests.support.queries import counted_queries
from webapp.contacts import merging
from webapp.contacts.models import (
    ConsentEntry,
    Contact,
    ContactListMember,
    ContactListQueue,
    CustomField,
    DuplicatePair,
)
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.unit_of_work import unit_of_work


def seen_in(html):
    found = re.search(r'name="seen"[^>]*value="([^"]*)"', html)
    return found[1].replace("&#34;", '"').replace("&quot;", '"')


@pytest.fixture
def dana(cast):
    return make_contact(
        "Dana Whitlock", first_name="Dana", last_name="Whitlock", phone="351912345678"
    )


def page(browser, contact, **query):
    return browser.get(f"/contacts/{contact.id}", query_string=query)


def form_of(browser, contact, **typed):
    seen = seen_in(page(browser, contact).get_data(as_text=True))
    return {"first_name": "Dana", "last_name": "Whitlock", "seen": seen} | typed


def test_the_page_shows_fields_numbers_consent_lists_and_tags(cast, sign_in, dana):
    orders, vip = make_list("Orders"), save(Tag(name="VIP"))
    save(CustomField(name="order_no", contact_list_id=orders.id))
    browser = sign_in(cast.ana)
    browser.post(f"/contacts/{dana.id}/lists", data={"list": orders.id})
    browser.post(f"/contacts/{dana.id}/tags", data={"tag": vip.id})
    html = page(browser, dana).get_data(as_text=True)
    for text in ("Dana Whitlock", "order_no", "Orders, text", "+351 912 345 678", "VIP",
                 "never asked", "Europe/Lisbon", "Joined Orders", "Last change"):  # fmt: skip
        assert text in html


def test_who_may_not_see_the_contact_finds_nothing_there(cast, sign_in, dana):
    sales = make_queue("Sales", [cast.otto])
    leads = make_list("Leads")
    save(ContactListQueue(contact_list_id=leads.id, queue_id=sales.id))
    save(ContactListMember(contact_list_id=leads.id, contact_id=dana.id))
    browser = sign_in(cast.ana)
    assert page(browser, dana).status_code == 404
    for part in ("tags", "lists", "numbers", "consent", "block"):
        assert browser.post(f"/contacts/{dana.id}/{part}").status_code == 404
    assert page(sign_in(cast.otto), dana).status_code == 200


def test_a_merged_contact_leads_to_the_one_it_is_part_of(cast, sign_in, dana):
    other = make_contact("D. Whitlock")
    change(other, merged_into_id=dana.id)
    assert page(sign_in(cast.ana), other).headers["Location"] == f"/contacts/{dana.id}"


def test_fields_and_own_fields_are_saved(cast, sign_in, dana):
    number = save(CustomField(name="Orders", kind="number"))
    browser = sign_in(cast.ana)
    data = form_of(browser, dana, email="dana@whitlock.example", language="pt_PT")
    answer = browser.post(f"/contacts/{dana.id}", data=data | {f"field-{number.id}": "1 234,5"})
    assert answer.status_code == 303
    assert (dana.email, dana.language, dana.fields) == (
        "dana@whitlock.example", "pt_PT", {str(number.id): 1234.5},
    )  # fmt: skip


def test_a_required_own_field_has_to_be_filled_in(cast, sign_in, dana):
    save(CustomField(name="Customer no.", required=True))
    browser = sign_in(cast.ana)
    answer = browser.post(f"/contacts/{dana.id}", data=form_of(browser, dana, company="New"))
    assert answer.status_code == 422
    assert "Has to be filled in." in answer.get_data(as_text=True)
    assert dana.company == ""


def test_a_stale_form_says_who_changed_what_and_keeps_what_was_typed(cast, sign_in, dana):
    ana, sara = sign_in(cast.ana), sign_in(cast.sara)
    mine = form_of(ana, dana, email="ana@example.com")
    sara.post(f"/contacts/{dana.id}", data=form_of(sara, dana, email="sara@example.com"))
    answer = ana.post(f"/contacts/{dana.id}", data=mine)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Sara Supervisor set Email to “sara@example.com”" in html
    assert 'value="ana@example.com"' in html and dana.email == "sara@example.com"
    again = ana.post(f"/contacts/{dana.id}", data=mine | {"seen": seen_in(html)})
    assert again.status_code == 303 and dana.email == "ana@example.com"


def test_an_agent_opts_a_contact_out_with_a_reason(cast, sign_in, dana):
    browser = sign_in(cast.ana)
    url = f"/contacts/{dana.id}/consent"
    browser.post(url, data={"given": "no"})
    assert dana.consent == "none"  # without the reason there is no proof
    browser.post(url, data={"given": "no", "words": "Asked on the phone"})
    entry = db.session.scalars(select(ConsentEntry)).one()
    assert (dana.consent, entry.how, entry.actor, entry.words) == (
        "out", "agent", "Ana Agent", "Asked on the phone",
    )  # fmt: skip
    html = page(browser, dana).get_data(as_text=True)
    assert "Asked on the phone" in html and "Opted out" in html


def test_a_number_somebody_else_has_is_refused_in_the_dialog(cast, sign_in, dana):
    make_contact("Otto Other", phone="15550199999")
    answer = sign_in(cast.ana).post(
        f"/contacts/{dana.id}/numbers",
        data={"number": "+1 555 019 9999"},
        headers={"HX-Request": "true", "HX-Trigger": "add-number"},
    )
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#add-number-problem"
    assert "is the number of Otto Other" in answer.get_data(as_text=True)


def test_a_contact_is_added_and_a_list_asks_for_its_own_fields(cast, sign_in):
    orders = make_list("Orders")
    field = save(CustomField(name="order_no", required=True, contact_list_id=orders.id))
    browser = sign_in(cast.ana)
    data = {"phone": "+351 912 345 678", "first_name": "Dana", "list_ids": orders.id}
    assert browser.post("/contacts/new", data=data).status_code == 422
    answer = browser.post("/contacts/new", data=data | {f"field-{field.id}": "40718"})
    contact = db.session.scalars(select(Contact)).one()
    assert answer.headers["Location"] == f"/contacts/{contact.id}"
    assert (contact.phone, contact.fields) == ("351912345678", {str(field.id): "40718"})


def test_a_number_that_is_none_is_said_beside_its_field(cast, sign_in):
    answer = sign_in(cast.ana).post("/contacts/new", data={"phone": "twelve"})
    assert answer.status_code == 422
    assert "Letters are no part of a number." in answer.get_data(as_text=True)


def test_the_page_says_that_two_may_be_one_person(cast, sign_in, dana):
    other = make_contact("Dana W.")
    save(DuplicatePair(first_id=dana.id, second_id=other.id, reason="email", detail="same email"))
    html = page(sign_in(cast.ana), dana).get_data(as_text=True)
    assert "Looks like one person twice" in html and "“Dana W.”: same email" in html


def test_an_agent_reads_no_notes_of_conversations_they_may_not_open(cast, sign_in, dana):
    hidden = make_interaction(cast.account, dana, owner=cast.ben, queue=make_queue("Other"))
    make_message(hidden, "Behind the curtain", direction="note")
    shows = {
        user.name: "Behind the curtain" in page(sign_in(user), dana).get_data(as_text=True)
        for user in (cast.ana, cast.ben, cast.sara)
    }
    assert shows == {"Ana Agent": False, "Ben Agent": True, "Sara Supervisor": True}


def test_the_journey_is_told_page_by_page_without_losing_a_step(cast, sign_in, dana):
    interaction = make_interaction(cast.account, dana, owner=cast.ana)
    for n in range(60):
        make_message(interaction, f"Note {n:02}", direction="note")
    browser = sign_in(cast.ana)
    url, told = f"/contacts/{dana.id}/journey", []
    while url:
        html = browser.get(url).get_data(as_text=True)
        told += re.findall(r"Note \d\d", html)
        more = re.search(r'hx-get="(/contacts/\d+/journey\?[^"]*after=[^"]*)"', html)
        url = more[1].replace("&amp;", "&") if more else None
    assert sorted(told) == [f"Note {n:02}" for n in range(60)]


def test_the_page_costs_the_same_however_long_the_journey_is(cast, sign_in, dana):
    browser = sign_in(cast.ana)
    interaction = make_interaction(cast.account, dana, owner=cast.ana)
    make_message(interaction, "Note", direction="note")
    with counted_queries() as few:
        assert page(browser, dana).status_code == 200
    for n in range(12):
        make_message(interaction, f"Note {n}", direction="note")
        make_interaction(cast.account, dana, owner=cast.ana, state="closed")
    with counted_queries() as many:
        assert page(browser, dana).status_code == 200
    assert len(many) == len(few)


def test_admins_choose_the_opt_out_words_and_nobody_else(cast, sign_in):
    assert sign_in(cast.sara).get("/settings/opt-out").status_code == 403
    browser = sign_in(cast.admin)
    assert "UNSUBSCRIBE" in browser.get("/settings/opt-out").get_data(as_text=True)
    both = browser.post("/settings/opt-out", data={"stop": "Ende", "start": "ende!"})
    assert both.status_code == 422
    saved = browser.post("/settings/opt-out", data={"stop": "Ende\nSchluss", "start": "Los"})
    assert saved.status_code == 303
    assert "Schluss" in browser.get("/settings/opt-out").get_data(as_text=True)
    browser.post("/settings/opt-out/default")
    assert "UNSUBSCRIBE" in browser.get("/settings/opt-out").get_data(as_text=True)


@pytest.fixture
def pair(dana):
    other = make_contact("Dana W.", phone="351912345679")
    return save(DuplicatePair(first_id=dana.id, second_id=other.id, reason="message"))


def targets(html):
    """Addresses its links and forms lead to."""
    return set(re.findall(r'(?:href|action)="(/contacts/[^"]+)"', html.replace("&amp;", "&")))


def test_a_leader_says_on_the_page_that_two_are_not_the_same(cast, sign_in, dana, pair):
    browser, dana_id, pair_id = sign_in(cast.sara), dana.id, pair.id
    html = page(browser, dana).get_data(as_text=True)
    assert "Not the same" in html and f'name="pair" value="{pair_id}"' in html
    answer = browser.post(
        "/contacts/duplicates/dismiss", data={"pair": pair_id, "contact": dana_id}
    )
    assert answer.location == f"/contacts/{dana_id}"
    assert "Looks like one person twice" not in browser.get(answer.location).get_data(as_text=True)


def test_an_agent_compares_but_does_not_decide_that_two_are_not_the_same(cast, sign_in, dana, pair):
    html = page(sign_in(cast.ana), dana).get_data(as_text=True)
    assert f"/contacts/{dana.id}/merge?with={pair.second_id}" in targets(html)
    assert "Not the same" not in html


def test_a_merge_is_undone_from_the_journey(cast, sign_in, dana):
    other_id = make_contact("Dana W.", phone="351912345679").id
    with unit_of_work():
        merge_id = merging.merge(
            db.session.get(Contact, dana.id), db.session.get(Contact, other_id), {}, cast.sara
        ).id
    browser = sign_in(cast.sara)
    undo = f"/contacts/merges/{merge_id}/undo"
    assert undo in targets(page(browser, dana).get_data(as_text=True))
    assert browser.post(undo).status_code == 303
    html = page(browser, dana).get_data(as_text=True)
    assert undo not in targets(html) and "Undone" in html
    assert db.session.get(Contact, other_id).merged_into_id is None


@pytest.mark.parametrize(
    ("who", "offered"),
    [("ana", {"merge"}), ("sara", {"merge", "export"}), ("admin", {"merge", "export", "erase"})],
)
def test_the_page_offers_what_its_reader_may_open_and_nothing_else(
    cast, sign_in, dana, who, offered
):
    browser = sign_in(getattr(cast, who))
    links = targets(page(browser, dana).get_data(as_text=True))
    verbs = {verb: f"/contacts/{dana.id}/{verb}" for verb in ("merge", "export", "erase")}
    assert {verb for verb, url in verbs.items() if url in links} == offered
    assert {verb: browser.get(url).status_code for verb, url in verbs.items()} == {
        verb: 200 if verb in offered else 403 for verb in verbs
    }


def test_tags_stand_in_the_head_and_on_a_phone_below_it(cast, sign_in, dana):
    vip = save(Tag(name="VIP"))
    browser = sign_in(cast.ana)
    answer = browser.post(
        f"/contacts/{dana.id}/tags", data={"tag": vip.id}, headers={"HX-Request": "true"}
    ).get_data(as_text=True)
    for html in (answer, page(browser, dana).get_data(as_text=True)):
        for place in ("contact-tags", "contact-tags-phone"):
            (shown,) = re.findall(rf'id="{place}".*?</span></span>', html)
            assert "VIP" in shown
