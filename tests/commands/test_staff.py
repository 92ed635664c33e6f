import json

from webapp.extensions import db
from webapp.staff import signing_in
from webapp.staff.models import AuditEntry, User


def add(app, *arguments, password="correct horse battery\n"):
    return app.test_cli_runner().invoke(args=["staff", "add", *arguments], input=password)


ANA = ("Ana@Example.com", "--name", "Ana", "--role", "agent", "--password-stdin")


def test_a_person_is_added_and_can_sign_in(app):
    result = add(app, *ANA, "--json")

    assert result.exit_code == 0, result.output
    person = db.session.get(User, json.loads(result.stdout)["id"])
    assert (person.email, person.role) == ("ana@example.com", "agent")
    assert signing_in.check("ana@example.com", "correct horse battery") is not None
    assert db.session.query(AuditEntry).one().actor == "command"


def test_a_short_password_is_refused_on_stderr_with_2(app):
    result = add(app, *ANA, password="short\n")

    assert result.exit_code == 2
    assert "at least 10 characters" in result.stderr
    assert result.stdout == ""
    assert db.session.query(User).count() == 0


def test_an_email_that_is_taken_is_refused(app):
    add(app, *ANA)
    result = add(app, *ANA, "--json")

    assert result.exit_code == 2
    assert "already" in result.stderr


def test_an_unknown_role_is_refused(app):
    assert add(app, "a@b.c", "--name", "A", "--role", "king", "--password-stdin").exit_code == 2
