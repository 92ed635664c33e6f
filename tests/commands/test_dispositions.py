"""`flask dispositions …`: what scripts see and do with outcomes."""

from tests.factories import make_list
from webapp.extensions import db
from webapp.settings import dispositions
from webapp.settings.models import Disposition


def test_outcomes_are_added_listed_and_renamed(answer_of, cast):
    delivery = answer_of("dispositions", "add", "Delivery", "--account", cast.account.key)
    late = answer_of("dispositions", "add", "Late", "--parent", str(delivery["id"]))
    answer_of("dispositions", "add", "Return", "--queue", "support")
    make_list("Shops")
    assert answer_of("dispositions", "add", "Restocked", "--list", "Shops")["list"] == "Shops"
    renamed = answer_of("dispositions", "rename", str(late["id"]), "Too late")
    assert renamed["path"] == ["Delivery", "Too late"]

    rows = answer_of("dispositions", "list")
    assert [(row["path"], row["level"], row["account"], row["queue"]) for row in rows] == [
        (["Delivery"], 1, cast.account.key, None),
        (["Delivery", "Too late"], 2, None, None),
        (["Return"], 1, None, "Support"),
        (["Restocked"], 1, None, None),
    ]


def test_what_is_below_is_archived_only_where_that_was_said(run, answer_of, app):
    first = str(answer_of("dispositions", "add", "Delivery")["id"])
    answer_of("dispositions", "add", "Late", "--parent", first)
    refused = run("dispositions", "archive", first)
    assert refused.exit_code == 2
    assert "1 outcomes below it" in refused.stderr
    assert len(dispositions.every(dispositions.tree())) == 2

    assert answer_of("dispositions", "archive", first, "--with-below")["archived_below"] == 1
    assert answer_of("dispositions", "list") == []
    assert [row["archived"] for row in answer_of("dispositions", "list", "--archived")] == [
        True,
        True,
    ]
    answer_of("dispositions", "restore", first)
    assert len(answer_of("dispositions", "list")) == 2


def test_what_cannot_be_is_said_and_changes_nothing(run, answer_of, app):
    answer_of("dispositions", "add", "Sold")
    for arguments, said in (
        (("add", "sold"), "here already"),
        (("add", "Late", "--parent", "99"), "no outcome 99"),
        (("add", "Late", "--queue", "Nowhere"), "no queue Nowhere"),
        (("rename", "99", "Late"), "no outcome 99"),
        (("archive", "99"), "no outcome 99"),
    ):
        result = run("dispositions", *arguments)
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert db.session.query(Disposition).count() == 1
