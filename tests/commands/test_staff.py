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


def lead(app, *arguments):
    return app.test_cli_runner().invoke(args=["staff", "lead", *arguments])


def test_a_supervisor_is_given_queues_to_lead_or_all(app, cast):
    some = lead(app, cast.sara.email, "--queue", "Support", "--json")
    assert json.loads(some.stdout)["leads"] == [cast.queue.id]
    named = lead(app, cast.sara.email, "--queue", "support")
    assert named.stdout == "Sara Supervisor leads Support.\n"
    assert lead(app, cast.sara.email, "--all").stdout == "Sara Supervisor leads all queues.\n"
    db.session.expire_all()
    assert db.session.get(User, cast.sara.id).leads_all


def test_whom_and_which_queues_must_be_known(app, cast):
    for arguments, why in (
        ((cast.ana.email, "--all"), "no supervisor"),
        (("nobody@example.com", "--all"), "nobody has the email"),
        ((cast.sara.email,), "name queues by --queue, or --all"),
        ((cast.sara.email, "--queue", "Sales"), "there is no queue Sales"),
    ):
        result = lead(app, *arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert why in result.stderr
