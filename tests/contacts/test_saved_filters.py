"""Contacts described rather than listed: kept from the page, opened, renamed, deleted."""

from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from tests.factories import change, make_campaign, make_contact, make_list, make_queue, save
from webapp.columns import utcnow
from webapp.contacts import saved_filters
from webapp.contacts.models import ContactListMember, ContactListQueue, CustomField, SavedFilter
from webapp.extensions import db
from webapp.staff.models import AuditEntry

NEW = "/contacts/filters/new"


@pytest.fixture
def desk(sign_in, sara):
    return sign_in(sara)


def kept(name="Agreed", view="all", query="consent=in"):
    return save(SavedFilter(name=name, view=view, query=query))


def names(saved):
    return sorted(one.name for one in db.session.scalars(saved_filters.matching(saved)))


def text_of(page):
    return page.get_data(as_text=True)


def test_what_is_on_screen_is_saved_and_opened_again(desk):
    make_contact("Dana Whitlock", consent="in")
    page = text_of(desk.get("/contacts?consent=in&sort=-last&q=dana"))
    assert "/contacts/filters/new?view=all&amp;query=q%3Ddana%26consent%3Din" in page
    form = text_of(desk.get(f"{NEW}?view=all&query=q%3Ddana%26consent%3Din"))
    assert "<dd>dana</dd><dt>Consent</dt><dd>Opted in</dd>" in form

    data = {"name": " Agreed  Danas ", "view": "all", "query": "q=dana&consent=in&sort=-last"}
    answer = desk.post(NEW, data=data)

    there = urlsplit(answer.headers["Location"])
    assert (answer.status_code, there.path) == (303, "/contacts")
    assert parse_qs(there.query) == {"q": ["dana"], "consent": ["in"]}
    page = text_of(desk.get(answer.headers["Location"]))
    assert "Change “Agreed Danas”" in page and 'aria-current="true"' in page
    assert db.session.scalars(select(AuditEntry.action)).all()[-1] == "created"


@pytest.mark.parametrize(
    ("name", "said"), [("", "Give the filter a name."), ("agreed", "has this name already.")]
)
def test_a_name_that_does_not_do_is_said_and_nothing_is_lost(desk, name, said):
    kept()
    answer = desk.post(NEW, data={"name": name, "view": "all", "query": "consent=out"})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'name="query" value="consent=out"' in text_of(answer)


def test_everybody_is_no_filter(desk):
    assert desk.get(f"{NEW}?view=all&query=sort%3D-last").status_code == 404


def test_it_is_renamed_and_deleted(desk):
    saved = kept()
    url = f"/contacts/filters/{saved.id}"
    assert desk.post(url, data={"name": "Marketing yes"}).status_code == 303
    assert "Marketing yes" in text_of(desk.get("/contacts"))
    assert desk.post(f"{url}/delete").status_code == 303
    assert "Marketing yes" not in text_of(desk.get("/contacts"))


def test_it_is_not_deleted_while_a_campaign_writes_to_it(desk, cast):
    saved = kept()
    make_campaign(cast.account, "Winter", audience={"filter_ids": [saved.id]})
    desk.post(f"/contacts/filters/{saved.id}/delete")
    page = text_of(desk.get(f"/contacts/filters/{saved.id}"))
    assert "Winter writes to it. Take it out of the campaign first." in page


def test_agents_open_those_they_may_see_and_change_none(sign_in, cast):
    hidden = make_list("Board")
    save(ContactListQueue(contact_list_id=hidden.id, queue_id=make_queue("Back office").id))
    mine, other = kept("Agreed"), kept("Board members", view=str(hidden.id))
    browser = sign_in(cast.ana)

    page = text_of(browser.get("/contacts?consent=in"))

    assert mine.name in page and other.name not in page
    assert "/contacts/filters/" not in page
    for url in (NEW, f"/contacts/filters/{mine.id}"):
        assert browser.get(url).status_code == 403


def test_it_finds_whom_the_page_finds(app):
    shop = make_list("Shop")
    inside = make_contact("Dana Whitlock", consent="in", language="pt_BR")
    save(ContactListMember(contact_list_id=shop.id, contact_id=inside.id))
    make_contact("Noor Haddad", consent="in", language="pt_BR")
    make_contact("Erased", consent="in", language="pt_BR", erased_at=utcnow())

    assert names(kept("a", query="consent=in&language=pt_BR")) == ["Dana Whitlock", "Noor Haddad"]
    assert names(kept("b", str(shop.id), "q=dana")) == ["Dana Whitlock"]


def test_without_its_list_or_field_it_finds_nobody_rather_than_everybody(app):
    make_contact(consent="in")
    field = save(CustomField(name="order_no", kind="text"))
    saved = kept(query=f"consent=in&field-{field.id}=40718")
    change(field, deleted_at=utcnow())

    assert names(saved) == []
    assert not saved_filters.is_whole(saved)
    assert names(kept("gone", view="4711")) == []
