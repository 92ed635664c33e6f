"""The contact list's address."""

from tests.factories import make_contact


def test_leaders_see_the_contacts_by_name(sign_in, sara):
    make_contact("Zoe Zimmer")
    make_contact("Adam Abel")
    page = sign_in(sara).get("/contacts").get_data(as_text=True)
    assert page.index("Adam Abel") < page.index("Zoe Zimmer")
