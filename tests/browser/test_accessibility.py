"""An automatic check of WCAG 2.2 AA on every page, light and dark."""

from pathlib import Path

import pytest

from tests import factories
from webapp.alerting.models import Alert
from webapp.contacts.models import DuplicatePair
from webapp.extensions import db

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).parent.parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """async (rules) => (await axe.run({ runOnly: rules })).violations.map(
    (found) => `${found.id}: ${found.nodes.map((node) => node.target.join(" ")).join(", ")}`)"""


@pytest.fixture
def filled(live_server):
    """A list and a thread with one of each kind of state."""
    cast = live_server.cast
    talk = factories.make_interaction(live_server.account, owner=cast.ana, queue=cast.queue)
    factories.make_message(talk, "Hello *there*")
    factories.make_message(talk, "Lost", "out", status="failed", error="Not reachable")
    factories.make_message(talk, "Perhaps", "out", status="unknown")
    factories.make_message(talk, "For my team", "note", status="received", provider_id=None)
    db.session.rollback()
    return talk


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/inbox/{talk}", "/?show=queues", "/?show=done", "/about"])
def test_a_page_has_no_known_barrier(open_as, live_server, filled, path, scheme):
    # The checker is put in by the test; the pages' own policy would refuse it.
    person = open_as(live_server.cast.ana, color_scheme=scheme, bypass_csp=True)
    person.page.goto(path.format(talk=filled.id))
    person.page.add_script_tag(path=AXE)
    assert person.page.evaluate(CHECK, RULES) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/accounts",
        "/accounts?show=archived",
        "/accounts/add?provider=sinch",
        "/accounts/{account}",
        "/accounts/{account}/move?provider=kaleyra",
    ],
)
def test_a_page_of_accounts_has_no_known_barrier(open_as, live_server, filled, path, scheme):
    factories.save(Alert(kind="a_test", title="Something should be mended"))
    person = open_as(live_server.cast.admin, color_scheme=scheme, bypass_csp=True)
    person.page.goto(path.format(account=live_server.account.id))
    person.page.add_script_tag(path=AXE)
    assert person.page.evaluate(CHECK, RULES) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/contacts",
        "/contacts/new",
        "/contacts/{contact}",
        "/contacts/lists/{list}",
        "/contacts/fields",
        "/contacts/tags",
        "/contacts/duplicates",
        "/contacts/{contact}/merge?with={other}",
        "/contacts/{contact}/export",
        "/contacts/{contact}/erase",
        "/settings/opt-out",
    ],
)
def test_a_page_of_contacts_has_no_known_barrier(open_as, live_server, filled, path, scheme):
    contact_id, other = filled.contact_id, factories.make_contact("Dana W.")
    shop = factories.make_list("Shop")
    factories.save(
        DuplicatePair(first_id=contact_id, second_id=other.id, reason="email", detail="d@x.example")
    )
    places = {"contact": contact_id, "other": other.id, "list": shop.id}
    db.session.rollback()
    person = open_as(live_server.cast.admin, color_scheme=scheme, bypass_csp=True)
    person.page.goto(path.format(**places))
    person.page.add_script_tag(path=AXE)
    assert person.page.evaluate(CHECK, RULES) == []
