"""An automatic check of WCAG 2.2 AA on every page, light and dark."""

import pytest

from tests import factories
from webapp.alerting.models import Alert
from webapp.columns import utcnow
from webapp.contacts.models import DuplicatePair
from webapp.extensions import db

# What the checker sees is the same on either database.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.only("sqlite")]


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


def test_an_agents_pages_have_no_known_barrier(barriers_of, live_server, filled):
    ana, talk = live_server.cast.ana, f"/inbox/{filled.id}"
    assert barriers_of(ana, "/", talk, "/?show=queues", "/?show=done", "/about") == {}


def test_pages_of_accounts_have_no_known_barrier(barriers_of, live_server, filled):
    factories.save(Alert(kind="a_test", title="Something should be mended"))
    account = f"/accounts/{live_server.account.id}"
    paths = [
        "/accounts",
        "/accounts?show=archived",
        "/accounts/add?provider=sinch",
        account,
        f"{account}/move?provider=kaleyra",
    ]
    assert barriers_of(live_server.cast.admin, *paths) == {}


def test_pages_of_contacts_have_no_known_barrier(barriers_of, live_server, filled):
    contact_id, other = filled.contact_id, factories.make_contact("Dana W.")
    shop = factories.make_list("Shop")
    factories.save(
        DuplicatePair(first_id=contact_id, second_id=other.id, reason="email", detail="d@x.example")
    )
    contact, shop = f"/contacts/{contact_id}", f"/contacts/lists/{shop.id}"
    merge = f"{contact}/merge?with={other.id}"
    db.session.rollback()
    paths = [
        "/contacts",
        "/contacts/new",
        contact,
        shop,
        "/contacts/filters/new?view=all&query=consent%3Din",
        "/contacts/fields",
        "/contacts/tags",
        "/contacts/duplicates",
        merge,
        f"{contact}/export",
        f"{contact}/erase",
        "/settings/opt-out",
    ]
    assert barriers_of(live_server.cast.admin, *paths) == {}


def test_pages_of_outcomes_have_no_known_barrier(barriers_of, live_server, filled):
    label = factories.make_disposition("Delivery", ("Slot changed", "By us"))
    factories.change(filled, state="closed", closed_at=utcnow(), disposition_id=label.id)
    db.session.rollback()
    paths = ["/settings/dispositions", "/settings/dispositions/add", "/reports/dispositions"]
    assert barriers_of(live_server.cast.admin, *paths) == {}
