"""The mechanism of every list, on a list of our own people."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from webapp.extensions import db
from webapp.staff.models import User
from webapp.tables import choosing, exporting, paging
from webapp.tables.models import TableChoice
from webapp.tables.spec import Column, Filter, Table
from webapp.tables.state import state_of
from webapp.unit_of_work import unit_of_work

START = datetime(2026, 3, 1, tzinfo=UTC)


def of_role(value):
    if value not in ("agent", "supervisor"):
        raise ValueError
    return User.role == value


TABLE = Table(
    name="walkers",
    key=User.id,
    columns=(
        Column("name", "Name", User.name, lambda user: user.name, fixed=True),
        Column("email", "Email", User.email, lambda user: user.email),
        Column("since", "Since", User.created_at, lambda user: user.created_at, shown=False),
        Column("mood", "Mood"),
    ),
    sort="name",
    filters=(Filter("role", "Role", of_role, lambda: [("agent", "Agents")]),),
    search=lambda words: User.name.ilike(f"%{words}%"),
    page_size=4,
)
EVERYBODY = select(User).where(User.email.like("%@walk.example"))


@pytest.fixture
def walkers(app):
    """Eleven people, three of whom share a name."""
    names = ["Ann", "Bob", "Cid", "Cid", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida"]
    with unit_of_work():
        db.session.add_all(
            User(
                name=name,
                email=f"{number}@walk.example",
                password_hash="x",
                role="supervisor" if name == "Hal" else "agent",
                created_at=START - timedelta(days=number),
            )
            for number, name in enumerate(names)
        )
    return names


def page(**arguments):
    state = state_of(TABLE, arguments)
    return paging.page_of(TABLE, EVERYBODY, state, TABLE.columns, path="/walkers")


def names(found):
    return [user.name for user in found.rows]


def walk(**arguments):
    """Every page from the first to the last."""
    found = [page(**arguments)]
    while found[-1].next:
        found.append(page(**arguments, after=found[-1].next))
    return found


@pytest.mark.parametrize("sort", ["name", "-name", "since", "-since"])
def test_going_forward_shows_everybody_once_in_order(walkers, sort):
    pages = walk(sort=sort)
    shown = [user for found in pages for user in found.rows]
    assert [len(found.rows) for found in pages] == [4, 4, 3]
    key = {"name": lambda user: (user.name, user.id), "since": lambda user: user.created_at}
    falling = sort.startswith("-")
    assert shown == sorted(shown, key=key[sort.removeprefix("-")], reverse=falling)
    assert len({user.id for user in shown}) == 11


def test_going_back_shows_the_same_pages(walkers):
    forward = walk()
    back = page(before=forward[2].previous)
    assert names(back) == names(forward[1])
    first = page(before=back.previous)
    assert names(first) == names(forward[0])
    assert first.is_first and first.next


def test_search_and_filters_narrow_together(walkers):
    assert names(page(q="cid")) == ["Cid", "Cid", "Cid"]
    assert names(page(role="supervisor")) == ["Hal"]
    assert names(page(q="cid", role="supervisor")) == []


def test_a_value_that_means_nothing_finds_nothing_instead_of_failing(walkers):
    assert page(role="emperor").rows == []
    assert len(page(sort="mood").rows) == len(page(sort="'; DROP").rows) == 4
    assert page(after="what?").is_first and page(after="bnVsbA").is_first


def test_the_view_stands_in_the_url(walkers):
    found = page(q="cid", role="agent", sort="-name")
    assert found.url() == "/walkers?q=cid&role=agent&sort=-name"
    assert found.sort_url(TABLE.column("name")) == "/walkers?q=cid&role=agent"
    assert found.order_of(TABLE.column("name")) == "descending"
    assert page().url() == "/walkers"


def test_a_changed_filter_begins_at_the_first_page(walkers):
    second = page(after=page().next)
    assert "after" not in second.url(role="agent")


def test_a_person_chooses_columns_and_comes_back_to_the_standard(walkers, cast):
    def chosen():
        return [column.name for column in choosing.columns_for(TABLE, cast.ana)]

    assert chosen() == ["name", "email", "mood"]
    with unit_of_work():
        choosing.choose_columns(cast.ana, "walkers", ["since"])
    assert chosen() == ["name", "since"]
    with unit_of_work():
        choosing.choose_columns(cast.ana, "walkers", ["mood", "email"])
    assert chosen() == ["name", "email", "mood"]
    with unit_of_work():
        choosing.choose_columns(cast.ana, "walkers", [])
    assert db.session.query(TableChoice).count() == 0


def test_the_page_keeps_the_columns_a_person_ticks(cast, sign_in):
    client = sign_in(cast.ana)
    answer = client.post(
        "/tables/walkers/columns", data={"column": ["name", "since"], "next": "/queues?q=a"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/queues?q=a")
    assert db.session.get(TableChoice, (cast.ana.id, "walkers")).columns == ["name", "since"]
    assert client.post("/tables/walkers/columns", data={"column": "<b>"}).status_code == 400


def ids(form):
    return sorted(
        user.name for user in db.session.scalars(choosing.selected(TABLE, EVERYBODY, form))
    )


def test_a_bulk_action_is_for_the_ticked_rows_alone(walkers):
    two = [user.id for user in db.session.scalars(EVERYBODY.order_by(User.name).limit(2))]
    stranger = db.session.scalar(select(User.id).where(User.email.not_like("%walk.example")))
    form = MultiDict([("id", str(two[0])), ("id", str(two[1])), ("id", str(stranger)), ("id", "x")])
    assert ids(form) == ["Ann", "Bob"]
    assert ids(MultiDict()) == []


def test_or_for_all_that_match_what_was_on_screen(walkers):
    form = MultiDict({"all": "1", "query": page(q="cid", role="agent").query, "id": "1"})
    assert ids(form) == ["Cid", "Cid", "Cid"]


def test_the_csv_holds_all_that_match_in_pieces(walkers):
    text = "".join(exporting.csv_of(TABLE, EVERYBODY, TABLE.columns, piece=3))
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert rows[0] == ["Name", "Email", "Since"]
    assert [row[0] for row in rows[1:]] == walkers
    assert rows[1][2] == "2026-03-01T00:00:00+00:00"


def test_a_cell_a_spreadsheet_would_run_becomes_text(app):
    with unit_of_work():
        db.session.add(User(name="=1+1", email="@walk.example", password_hash="x"))
    text = "".join(exporting.csv_of(TABLE, EVERYBODY))
    assert "'=1+1,'@walk.example" in text


@pytest.mark.parametrize(
    ("name", "cell"), [("+1+1", "'+1+1"), ("-1+1", "'-1+1"), ("+31612345678", "+31612345678")]
)
def test_what_begins_with_a_sign_is_text_unless_it_is_a_number(app, name, cell):
    with unit_of_work():
        db.session.add(User(name=name, email="walk@walk.example", password_hash="x"))
    assert f"\r\n{cell}," in "".join(exporting.csv_of(TABLE, EVERYBODY))
