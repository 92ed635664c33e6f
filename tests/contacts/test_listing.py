"""What the contact list shows, and to whom."""

from datetime import timedelta

import pytest

from tests.factories import change, make_contact, make_list, save
from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.contacts.models import ContactListMember, ContactListQueue, ContactTag, CustomField
from webapp.settings.models import Tag

PART = {"HX-Request": "true"}
NAMES = ("Adam Abel", "Bea Brandt", "Carl Conti", "Dora Diaz")


def join(contact_list, *contacts):
    for contact in contacts:
        save(ContactListMember(contact_list_id=contact_list.id, contact_id=contact.id))


def shown(page):
    """The names in the order of the rows."""
    text = page.get_data(as_text=True)
    places = {name: text.find(f">{name}</a>") for name in NAMES}
    return [name for name, place in sorted(places.items(), key=lambda i: i[1]) if place >= 0]


@pytest.fixture
def four(app):
    return [make_contact(name) for name in NAMES]


@pytest.fixture
def desk(sign_in, sara):
    return sign_in(sara)


def test_contacts_stand_by_name_and_turn_round(desk, four):
    assert shown(desk.get("/contacts")) == list(NAMES)
    assert shown(desk.get("/contacts?sort=-name")) == list(reversed(NAMES))


def test_who_was_never_contacted_stands_last(desk, four):
    change(four[1], last_contact_at=utcnow() - timedelta(days=1))
    change(four[2], last_contact_at=utcnow())
    names = shown(desk.get("/contacts?sort=-last"))
    assert names[:2] == ["Carl Conti", "Bea Brandt"]
    assert set(names[2:]) == {"Adam Abel", "Dora Diaz"}


@pytest.mark.parametrize("order", ["name", "-name", "last", "-last", "created", "-created"])
def test_paging_shows_everybody_once_there_and_back(desk, four, monkeypatch, order):
    change(four[0], last_contact_at=utcnow())
    whole = shown(desk.get(f"/contacts?sort={order}"))
    monkeypatch.setattr("webapp.contacts.listing.PAGE", 2)
    first = desk.get(f"/contacts?sort={order}")
    second = desk.get(_link(first, "Next page"))
    assert shown(first) + shown(second) == whole
    assert shown(desk.get(_link(second, "Previous page"))) == shown(first)


def _link(page, label):
    text = page.get_data(as_text=True)
    before = text[: text.index(f'aria-label="{label}"')]
    return before[before.rindex('href="') + 6 :].partition('"')[0].replace("&amp;", "&")


def test_merged_and_erased_contacts_are_not_listed(desk, four):
    change(four[0], merged_into_id=four[1].id)
    change(four[2], erased_at=utcnow())
    assert shown(desk.get("/contacts")) == ["Bea Brandt", "Dora Diaz"]


def test_a_list_shows_its_own_contacts_and_fields(desk, four):
    orders = make_list("Open orders")
    join(orders, four[1], four[3])
    field = save(CustomField(name="order_no", contact_list_id=orders.id))
    change(four[1], fields={str(field.id): "40718"})
    page = desk.get(f"/contacts/in/{orders.id}")
    assert shown(page) == ["Bea Brandt", "Dora Diaz"]
    assert "order_no" in page.text
    assert "40718" in page.text
    assert "order_no" not in desk.get("/contacts").text
    assert shown(desk.get(f"/contacts?list={orders.id}", follow_redirects=True)) == shown(page)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("consent=in", ["Adam Abel"]),
        ("consent=out", ["Bea Brandt"]),
        ("consent=blocked", ["Carl Conti"]),
        ("consent=unreachable", ["Dora Diaz"]),
        ("consent=nonsense", []),
        ("language=pt_BR", ["Bea Brandt"]),
        ("last=7", ["Adam Abel"]),
        ("last=over-90", ["Bea Brandt"]),
        ("last=never", ["Carl Conti", "Dora Diaz"]),
        ("created=1", list(NAMES)),
        ("created=over-365", []),
        ("last=2000-01-01..2000-12-31", []),
        ("last=2000-99-01..x", []),
        ("q=brandt&consent=out", ["Bea Brandt"]),
        ("q=brandt&consent=in", []),
    ],
)
def test_filters_narrow_the_list_and_meet(desk, four, query, names):
    adam, bea, carl, dora = four
    change(adam, consent="in", last_contact_at=utcnow() - timedelta(days=2))
    long_ago = utcnow() - timedelta(days=200)
    change(bea, consent="out", language="pt_BR", last_contact_at=long_ago)
    change(carl, blocked_at=utcnow())
    change(dora, unreachable_at=utcnow())
    assert shown(desk.get(f"/contacts?{query}")) == names


def test_tags_filter_and_stand_in_the_row(desk, four):
    tags = [save(Tag(name=name)) for name in ("VIP", "Wholesale", "Zebra")]
    save(*(ContactTag(contact_id=four[0].id, tag_id=tag.id) for tag in tags))
    page = desk.get(f"/contacts?tag={tags[0].id}")
    assert shown(page) == ["Adam Abel"]
    assert ">+1</span>" in page.text
    assert shown(desk.get("/contacts?tag=x")) == []


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("text", "40 718", "40 718"),
        ("number", 7, "7"),
        ("select", "B", "B"),
        ("switch", True, "yes"),
    ],
)
def test_a_custom_field_filters_by_its_value(desk, four, kind, value, wanted):
    field = save(CustomField(name="mark", kind=kind, choices=["A", "B"]))
    change(four[2], fields={str(field.id): value})
    page = desk.get("/contacts", query_string={f"field-{field.id}": wanted})
    assert shown(page) == ["Carl Conti"]


def test_opted_out_and_blocked_have_pages_of_their_own(desk, four):
    change(four[0], consent="out")
    change(four[1], blocked_at=utcnow())
    assert shown(desk.get("/contacts/in/opted-out")) == ["Adam Abel"]
    assert shown(desk.get("/contacts/in/blocked")) == ["Bea Brandt"]


def test_an_agent_sees_neither_lists_nor_contacts_of_other_queues(sign_in, otto, queue, four):
    orders = make_list("Open orders")
    join(orders, four[0])
    save(ContactListQueue(contact_list_id=orders.id, queue_id=queue.id))
    browser = sign_in(otto)
    page = browser.get("/contacts")
    assert shown(page) == list(NAMES[1:])
    assert "Open orders" not in page.text
    assert browser.get(f"/contacts/in/{orders.id}").status_code == 404


def test_figures_are_counted_beside_the_page(desk, four):
    change(four[0], consent="out")
    before = desk.get("/contacts").text
    assert "/contacts/counts" in before
    side = desk.get("/contacts/counts?view=all", headers=PART).text
    assert ">4</span>" in side
    assert ">1</span>" in side
    after = desk.get("/contacts").text
    assert "/contacts/counts" not in after
    assert "4 contacts" in after


def test_how_many_match_is_counted_beside_the_page(desk, four):
    page = desk.get("/contacts?q=brandt")
    assert "/contacts/total?view=all&amp;q=brandt" in page.text
    assert "1 matches" in desk.get("/contacts/total?view=all&q=brandt", headers=PART).text


def test_no_result_and_nobody_at_all_are_told_apart(desk, cast):
    assert "No contacts yet" in desk.get("/contacts").text
    assert "Clear filters" in desk.get("/contacts?q=nobody").text


@pytest.mark.parametrize("query", ["", "?q=person&consent=none", "?sort=-last"])
def test_the_list_costs_the_same_for_few_and_for_many(desk, cast, query):
    def cost():
        with counted_queries() as queries:
            assert desk.get(f"/contacts{query}").status_code == 200
        return len(queries)

    make_contact("Person one")
    few = cost()
    for n in range(20):
        contact = make_contact(f"Person {n}")
        tag = save(Tag(name=f"Tag {n}"))
        save(ContactTag(contact_id=contact.id, tag_id=tag.id))
        join(make_list(f"List {n}"), contact)
    assert cost() == few


def test_a_column_somebody_wants_stays_chosen(desk, four):
    change(four[0], email="adam@example.com")
    assert "adam@example.com" not in desk.get("/contacts").text
    desk.post("/tables/contacts/columns", data={"column": ["name", "email"], "next": "/contacts"})
    page = desk.get("/contacts").text
    assert "adam@example.com" in page
    assert 'data-label="WhatsApp number"' not in page
