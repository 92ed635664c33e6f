"""What all commands share: rows by their name."""

import pytest

from tests.factories import make_queue


@pytest.fixture
def queue_of(answer_of):
    """The name of the queue that `--queue NAME` found."""

    def found(name):
        return answer_of("dispositions", "add", f"For {name}", "--queue", name)["queue"]

    return found


def test_a_name_is_taken_as_it_is_written_first(queue_of):
    make_queue("support")
    make_queue("Support")
    assert queue_of("Support") == "Support"
    assert queue_of("support") == "support"


def test_capitals_do_not_matter_where_one_alone_has_the_name(queue_of, app):
    make_queue("Émile’s ORDERS")
    make_queue("Orders")
    assert queue_of("émile’s orders") == "Émile’s ORDERS"
    assert queue_of(" ORDERS ") == "Orders"


def test_several_in_other_capitals_are_named(run, app):
    make_queue("Support")
    make_queue("SUPPORT")
    result = run("dispositions", "add", "Late", "--queue", "support")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: more than one queue is called support in other capitals, say which: "
        "Support, SUPPORT\n"
    )
