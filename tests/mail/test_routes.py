"""The mail server's page: kept sealed, tried out before it is kept."""

import pytest

from tests.support.mail_server import MailServer as Postbox
from tests.support.ports import free_port
from webapp.extensions import db
from webapp.mail import sending
from webapp.mail.models import ONLY, MailServer
from webapp.staff.models import AuditEntry

FORM = {
    "host": "mail.example.com",
    "port": "587",
    "security": "starttls",
    "username": "parley",
    "password": "hunter2-hunter2",
    "sender": "Parley <parley@example.com>",
}


@pytest.fixture
def browser(sign_in, admin):
    return sign_in(admin)


@pytest.fixture
def postbox():
    running = Postbox()
    yield running
    running.close()


def at(postbox):
    host, _, port = postbox.address.partition(":")
    return FORM | {"host": host, "port": port, "security": "none", "username": ""}


def test_saved_it_is_where_mail_goes(browser):
    assert not sending.is_set_up()
    assert browser.post("/settings/mail", data=FORM).status_code == 303
    server = sending.server()
    assert (server.host, server.port, server.password) == (
        "mail.example.com",
        587,
        "hunter2-hunter2",
    )


def test_the_password_is_shown_to_nobody_and_an_empty_one_keeps_it(browser):
    browser.post("/settings/mail", data=FORM)
    page = browser.get("/settings/mail").get_data(as_text=True)
    assert "hunter2" not in page and "the one that is kept" in page
    browser.post("/settings/mail", data=FORM | {"password": "", "sender": "desk@example.com"})
    server = sending.server()
    assert (server.sender, server.password) == ("desk@example.com", "hunter2-hunter2")
    told = "".join(str((entry.before, entry.after)) for entry in db.session.query(AuditEntry))
    assert "hunter2" not in told


@pytest.mark.parametrize("more", [{}, {"test": "yes"}])
def test_the_kept_password_goes_to_no_other_server(browser, postbox, more):
    browser.post("/settings/mail", data=FORM)
    elsewhere = at(postbox) | {"username": "parley", "password": ""}
    answer = browser.post("/settings/mail", data=elsewhere | more)
    assert answer.status_code == 422
    assert "Type it again" in answer.get_data(as_text=True)
    assert (sending.server().host, postbox.mails) == ("mail.example.com", [])


def test_it_takes_the_place_of_the_environment_s_until_it_is_removed(app, browser, monkeypatch):
    monkeypatch.setitem(app.config, "SMTP_URL", "smtps://old.example.com")
    browser.post("/settings/mail", data=FORM)
    assert sending.server().host == "mail.example.com"
    browser.post("/settings/mail/forget")
    assert db.session.get(MailServer, ONLY) is None
    assert (sending.server().host, sending.server().port) == ("old.example.com", 465)


def test_a_test_goes_by_what_is_typed_and_keeps_nothing(browser, postbox):
    form = at(postbox) | {"test": "yes", "test_to": "someone@example.com"}
    answer = browser.post("/settings/mail", data=form)
    assert "A test went to someone@example.com" in answer.get_data(as_text=True)
    assert postbox.recipients == ["someone@example.com"]
    assert postbox.mails[0]["From"] == "Parley <parley@example.com>"
    assert not sending.is_set_up()


def test_a_test_that_fails_says_why_and_loses_nothing_typed(browser):
    form = FORM | {"host": "127.0.0.1", "port": str(free_port()), "test": "yes"}
    answer = browser.post("/settings/mail", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "cannot be reached" in page and 'value="parley"' in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender", "a@example.com\nBcc: b@example.com"),
        ("sender", "nobody"),
        ("port", "0"),
        ("host", ""),
        ("test_to", "x y"),
    ],
)
def test_what_cannot_be_is_refused_in_words(browser, field, value):
    assert browser.post("/settings/mail", data=FORM | {field: value}).status_code == 422


@pytest.mark.parametrize("who", ["sara", "ana"])
def test_others_may_not(sign_in, cast, who):
    assert sign_in(getattr(cast, who)).get("/settings/mail").status_code == 403
