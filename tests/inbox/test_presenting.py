"""Words of the screen, and where they stand."""

from tests import factories
from webapp.inbox import closing, presenting
from webapp.inbox.models import CloseReason
from webapp.unit_of_work import unit_of_work


def test_a_sentence_begins_large_and_keeps_the_names_of_days():
    assert presenting.capital("on Saturday at 09:12") == "On Saturday at 09:12"
    assert presenting.capital("") == ""


def test_a_reason_behind_a_colon_begins_small_unless_it_is_a_name():
    assert presenting.sentence("Not reachable on WhatsApp") == "not reachable on WhatsApp."
    assert presenting.sentence("WhatsApp did not take it") == "WhatsApp did not take it."
    assert presenting.sentence("Twilio cannot send reactions.") == "Twilio cannot send reactions."


def test_cards_read_alike_whoever_shared_them():
    ours = {"name": "Priya", "phones": ["15550142233"], "emails": [], "organization": "Northgate"}
    theirs = {
        "name": "Priya", "phones": [{"phone": "+1 555 014 2233", "wa_id": ""}, {}],
        "title": "Manager", "organisation": "Northgate",
    }  # fmt: skip
    (mine,) = presenting.cards_of({"cards": [ours]})
    (other,) = presenting.cards_of({"contacts": [theirs, "nonsense"]})
    assert (mine.phones, mine.line) == (("15550142233",), "Northgate")
    assert (other.phones, other.line) == (("+1 555 014 2233",), "Manager, Northgate")


def test_a_conversation_that_was_wrapped_up_does_not_say_its_window_closed(cast, sign_in):
    talk = factories.make_interaction(cast.account, owner=cast.ana, queue=cast.queue)
    with unit_of_work():
        closing.close(talk, CloseReason.AGENT, by=cast.ana)

    page = sign_in(cast.ana).get(f"/inbox/{talk.id}").get_data(as_text=True)

    chip = page.split('id="composer-window"')[1].split("composer-why")[0]
    assert "Wrapped up" in chip
    assert "Window closed" not in chip


def test_the_person_below_the_menu_is_named_as_the_presence_button_names_them(cast, sign_in):
    client = sign_in(cast.ana)
    factories.change(cast.ana, presence="offline")

    page = client.get("/").get_data(as_text=True)

    assert "<small>Not available</small>" in page
    assert "Offline</small>" not in page
