import json

from webapp.extensions import db
from webapp.queues.models import Queue


def add(app, *arguments):
    return app.test_cli_runner().invoke(args=["queues", "add", *arguments])


RULES = ("--strategy", "least_recent", "--timeout", "20")


def test_a_queue_is_added_with_its_agents_in_order(app, ana, ben):
    result = add(app, "Orders", *RULES, "--agent", ben.email, "--agent", ana.email, "--json")

    assert result.exit_code == 0, result.output
    queue = db.session.get(Queue, json.loads(result.stdout)["id"])
    assert (queue.strategy, queue.timeout) == ("least_recent", 20)
    assert [member.user_id for member in queue.members] == [ben.id, ana.id]


def test_an_unknown_agent_is_refused_and_nothing_is_added(app):
    result = add(app, "Orders", *RULES, "--agent", "nobody@example.com")

    assert result.exit_code == 2
    assert "nobody@example.com" in result.stderr
    assert db.session.query(Queue).count() == 0


def test_a_name_that_is_taken_is_refused(app, queue):
    assert add(app, "support", *RULES).exit_code == 2


def test_a_ring_time_below_five_seconds_is_refused(app):
    assert add(app, "Orders", "--strategy", "beep_all", "--timeout", "4").exit_code == 2
