"""`plan show` and `plan set`, for scripts."""

import json

from webapp.settings import plan


def run(app, *words):
    return app.test_cli_runner().invoke(args=["plan", *words])


def test_the_plan_is_shown_and_set(app, cast):
    assert "Inbound & outbound: 5 people, outbound may go." in run(app, "show").output
    answer = run(app, "set", "both", "--seats", "9", "--until", "2099-01-31", "--json")
    assert json.loads(answer.output) == {
        "kind": "both", "seats": 9, "expires_at": "2099-02-01T00:00:00+00:00",
        "allows_outbound": True, "people": 5, "seats_left": 4,
    }  # fmt: skip


def test_what_stops_has_to_be_agreed_to(app, cast):
    refused = run(app, "set", "inbound")
    assert refused.exit_code == 2 and "say --yes" in refused.stderr
    assert plan.allows_outbound()
    assert run(app, "set", "inbound", "--yes").exit_code == 0
    assert not plan.allows_outbound()


def test_too_few_seats_are_refused(app, cast):
    refused = run(app, "set", "both", "--seats", "2")
    assert refused.exit_code == 2 and "Deactivate 3 people first" in refused.stderr


def test_nobody_is_added_beyond_the_seats(app, cast):
    run(app, "set", "both", "--seats", "5")
    answer = app.test_cli_runner().invoke(
        args=["staff", "add", "eve@example.com", "--name", "Eve", "--role", "agent",
              "--password-stdin"],
        input="correct horse battery\n",
    )  # fmt: skip
    assert answer.exit_code == 2 and "all are taken" in answer.stderr
