"""Words of the screen, and where they stand."""

from tests import factories
from webapp.inbox import closing, presenting
from webapp.inbox.models import CloseReason
from webapp.unit_of_work import unit_of_work


def test_a_sentence_begins_large_and_keeps_the_names_of_days():
    assert presenting.capital("on Saturday at 09:12") == "On Saturday at 09:12"
    assert presenting.capital("") == ""


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
