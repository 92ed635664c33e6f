"""However many contacts there are, a page of them is found along an index."""

import re

import pytest
from sqlalchemy import text

from tests.factories import make_list, save
from tests.test_plans import plan_of, selected  # noqa: F401 - a fixture
from webapp.contacts.models import CustomField
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.unit_of_work import unit_of_work

SCAN = re.compile(r"\bSCAN (contacts|contact_list_members|contact_tags|contact_identities)\b")
FILL = """
    INSERT INTO contacts (name, phone, company, profile_name, created_at, fields)
    WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 5000)
    SELECT 'Person ' || i, '1555' || i, 'Works ' || i, '', datetime('now'), '{}' FROM numbers
"""


@pytest.fixture
def crowd(app):
    """5,000 contacts, most of them in one list, some with a tag."""
    make_list("Open orders")
    save(Tag(id=1, name="VIP"))
    save(CustomField(id=1, name="order_no"))
    with unit_of_work():
        db.session.execute(text(FILL))
        joined = "INSERT INTO contact_list_members (contact_list_id, contact_id)"
        which = "FROM contact_lists, contacts WHERE contacts.id % 5 > 0"
        db.session.execute(text(f"{joined} SELECT contact_lists.id, contacts.id {which}"))
        tagged = "INSERT INTO contact_tags (contact_id, tag_id)"
        db.session.execute(text(f"{tagged} SELECT id, 1 FROM contacts WHERE id % 50 = 0"))


@pytest.mark.only("sqlite")
@pytest.mark.parametrize("sort", ["name", "-name", "-last", "created"])
@pytest.mark.parametrize(
    "query",
    ["", "q=works+42", "q=1555420&consent=in", "tag=1&consent=none", "field-1=407", "last=7"],
)
def test_no_page_of_contacts_reads_them_all(crowd, sign_in, sara, selected, query, sort):  # noqa: F811
    browser = sign_in(sara)
    selected.clear()
    assert browser.get(f"/contacts?{query}&sort={sort}").status_code == 200
    plans = [line for statement in selected for line in plan_of(*statement)]
    assert [line for line in plans if SCAN.search(line) and "USING INDEX" not in line] == []
    if not query:  # the order is the index's own
        rows = next(statement for statement in selected if "AS _sort" in statement[0])
        assert not [line for line in plan_of(*rows) if "TEMP B-TREE" in line]
