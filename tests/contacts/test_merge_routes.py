"""The pages that compare, merge and undo; duplicates; a person's export and erasure."""

import io
import zipfile
from datetime import timedelta

import pytest

from tests.factories import change, make_contact, make_interaction, save
from webapp.columns import utcnow
from webapp.contacts import disclosing, duplicates, erasing
from webapp.contacts.models import Contact, ContactMerge, CustomField, DuplicatePair, PersonRequest
from webapp.extensions import db
from webapp.settings import values
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def pair(account, queue):
    kept = make_contact("Dana Whitlock", "15550120001", email="dana@example.com")
    other = make_contact("Dana W.", "15550120002", email="dw@example.com", company="Acme")
    for contact in (kept, other):
        make_interaction(account, contact, queue=queue)
    return kept, other


def text_of(answer):
    return answer.get_data(as_text=True)


def test_the_compare_page_says_what_stays_what_is_joined_and_what_closes(sign_in, sara, pair):
    kept, other = pair
    page = text_of(sign_in(sara).get(f"/contacts/{kept.id}/merge?with={other.id}"))
    assert 'name="choose-email"' in page
    assert 'name="choose-company"' not in page, "only one of them has a company"
    assert "+1 555 012 0002" in page
    assert "1, 1 open" in page
    assert "closes as merged" in page


def test_a_merge_from_the_page_keeps_what_was_chosen_and_offers_undo(sign_in, sara, pair):
    kept, other = (one.id for one in pair)
    browser = sign_in(sara)
    answer = browser.post(
        f"/contacts/{kept}/merge", data={"with": other, "choose-email": "other", "x": "other"}
    )
    assert answer.location == f"/contacts/{kept}"
    assert db.session.get(Contact, kept).email == "dw@example.com"
    merge_id = db.session.query(ContactMerge).one().id
    assert f"/contacts/merges/{merge_id}/undo" in text_of(browser.get(answer.location))
    assert browser.get(f"/contacts/{other}").location == f"/contacts/{kept}"
    assert browser.post(f"/contacts/merges/{merge_id}/undo").status_code == 303
    assert db.session.get(Contact, other).merged_into_id is None
    assert db.session.get(Contact, kept).email == "dana@example.com"


def test_the_other_one_is_found_by_its_number(sign_in, sara, pair):
    kept, other = (one.id for one in pair)
    page = text_of(sign_in(sara).get(f"/contacts/{kept}/merge?q=15550120002"))
    assert f"/contacts/{kept}/merge?with={other}" in page


def test_who_may_not_see_both_cannot_merge_them(sign_in, otto, pair):
    kept, other = pair
    shut = change(db.session.get(Contact, other.id), erased_at=utcnow()).id
    browser = sign_in(otto)
    assert browser.get(f"/contacts/{kept.id}/merge?with={shut}").status_code == 404
    assert browser.post(f"/contacts/{kept.id}/merge", data={"with": shut}).status_code == 404


def test_the_same_email_or_name_and_company_make_a_pair_once(app, sara):
    one = make_contact("Dana", email="d@example.com")
    two = make_contact("Other", email="d@example.com")
    three, four = make_contact("Olive Oak", company="Oak"), make_contact("olive oak", company="OAK")
    with unit_of_work():
        assert duplicates.look([one.id, three.id]) == 2
        assert duplicates.look([two.id, four.id]) == 0
    pairs, _ = duplicates.page()
    assert {(p.first_id, p.second_id, p.reason) for p, _, _ in pairs} == {
        (one.id, two.id, "email"),
        (three.id, four.id, "name"),
    }


def test_the_chosen_own_field_makes_a_pair(app, sara):
    field = save(CustomField(name="Customer no."))
    for name in "AB":
        make_contact(name, fields={str(field.id): "C-1"})
    with unit_of_work():
        values.put(duplicates.SETTING, {"field_id": field.id}, sara)
        assert duplicates.sweep() is None
    assert [p.reason for p, _, _ in duplicates.page()[0]] == ["field"]


def test_a_dismissed_pair_stays_dismissed(sign_in, sara):
    one, two = (make_contact(n, email="d@example.com").id for n in "AB")
    with unit_of_work():
        duplicates.look([one])
    pair_id = db.session.query(DuplicatePair).one().id
    browser = sign_in(sara)
    assert "Same email: d@example.com" in text_of(browser.get("/contacts/duplicates"))
    browser.post("/contacts/duplicates/dismiss", data={"pair": pair_id})
    with unit_of_work():
        duplicates.look([one, two])
    assert "No duplicates" in text_of(browser.get("/contacts/duplicates"))


def test_a_value_that_many_share_names_nobody(app):
    contacts = [make_contact(str(n), email="info@example.com") for n in range(25)]
    with unit_of_work():
        assert duplicates.look([contacts[0].id]) == 0


def test_only_leaders_export_and_the_link_ends(sign_in, sara, ana, pair):
    contact_id = pair[0].id
    assert sign_in(ana).post(f"/contacts/{contact_id}/export").status_code == 403
    browser = sign_in(sara)
    browser.post(f"/contacts/{contact_id}/export")
    request_id = db.session.query(PersonRequest).one().id
    assert "Being made" in text_of(browser.get(f"/contacts/{contact_id}/export"))
    disclosing.make(request_id)
    link = f"/contacts/exports/{request_id}"
    assert link in text_of(browser.get(f"/contacts/{contact_id}/export"))
    book = zipfile.ZipFile(io.BytesIO(browser.get(link).data))
    assert "data.json" in book.namelist()
    assert sign_in(ana).get(link).status_code == 403
    change(db.session.get(PersonRequest, request_id), expires_at=utcnow() - timedelta(1))
    assert browser.get(link).status_code == 404


def test_only_admins_erase_and_only_by_typing_the_name(sign_in, admin, sara, pair):
    contact_id, url = pair[0].id, f"/contacts/{pair[0].id}/erase"
    assert sign_in(sara).get(url).status_code == 403
    browser = sign_in(admin)
    answer = browser.post(url, data={"name": "dana"})
    assert answer.status_code == 422
    assert "Type the name as it is shown" in text_of(answer)
    browser.post(url, data={"name": "Dana Whitlock", "reason": "Asked by letter"})
    assert "Being deleted" in text_of(browser.get(url))
    erasing.go_on(db.session.query(PersonRequest).one().id)
    assert "Deleted for good" in text_of(browser.get(url))
    assert db.session.get(Contact, contact_id).phone is None
