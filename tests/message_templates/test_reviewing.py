"""Submitted, changed, deleted and synced against a stand-in for Meta."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from webapp.alerting.models import Alert
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates import leaving, reviewing, submitting, syncing
from webapp.message_templates.models import MessageTemplate, TemplateSync
from webapp.settings import values
from webapp.unit_of_work import unit_of_work

BODY = {"type": "BODY", "text": "Hello, your visit is tomorrow. See you."}
OTHER = {"type": "BODY", "text": "Hello, your visit is on Friday. See you."}


@pytest.fixture
def account(app, stub):
    return factories.make_meta_account()


def written(account, **columns):
    values = {
        "account_id": account.id, "provider": "meta", "waba_id": account.waba_id,
        "name": "visit", "language": "en_US", "status": "draft",
        "draft": {"category": "utility", "components": [BODY], "media": None},
    }  # fmt: skip
    return factories.save(MessageTemplate(**(values | columns)))


def submit(template, by):
    with unit_of_work():
        reviewing.submit(db.session.get(MessageTemplate, template.id), by)
    submitting.carry_out(template.id)
    return again(template)


def again(template):
    db.session.rollback()
    return db.session.get(MessageTemplate, template.id, populate_existing=True)


def grown(template, **ago):
    """Submitted so long ago."""
    with unit_of_work():
        row = db.session.get(MessageTemplate, template.id)
        row.submitted_at -= timedelta(**ago)


def is_approved(account, stub, sara):
    template = submit(written(account), sara)
    stub.book.kept[template.provider_id].status = "APPROVED"
    syncing.sync(account.id)
    return again(template)


def test_a_draft_goes_to_the_provider_once_and_waits(account, stub, sara):
    template = submit(written(account), sara)
    submitting.carry_out(template.id)

    assert (template.status, template.draft, template.components) == ("pending", None, [BODY])
    assert [one.name for one in stub.book] == ["visit"]
    assert stub.broken_rules == []


def test_a_refused_draft_is_a_draft_again_and_says_why(account, stub, sara):
    stub.book.add("visit")

    template = submit(written(account), sara)

    assert (template.status, template.draft["components"]) == ("draft", [BODY])
    assert template.problem.startswith("WhatsApp has a template of this name in this language")


def test_what_breaks_a_documented_rule_is_not_even_sent(account, stub, sara):
    draft = {"category": "utility", "components": [{"type": "BODY", "text": "x" * 1025}]}
    with pytest.raises(ValueError):
        submit(written(account, draft=draft), sara)
    assert stub.requests == []


def test_a_creation_in_doubt_is_never_made_again_and_found_by_a_sync(account, stub, sara):
    stub.template_answers.append(None)
    template = submit(written(account), sara)
    assert template.status == "submitting"
    assert submitting.waiting() == []

    grown(template, minutes=3)
    syncing.sync(account.id)

    template = again(template)
    assert (template.status, template.problem, template.draft) == ("pending", None, None)
    assert len(list(stub.book)) == 1


def test_a_creation_that_never_arrived_is_a_draft_again(account, stub, sara):
    stub.template_answers.append((503, ""))
    template = submit(written(account), sara)
    assert template.status == "submitting"

    syncing.sync(account.id)
    assert again(template).status == "submitting"  # the call may still run
    grown(template, minutes=3)
    syncing.sync(account.id)

    template = again(template)
    assert (template.status, template.problem) == (
        "draft",
        "It never reached WhatsApp. Submit it again.",
    )
    assert submit(template, sara).status == "pending"


def test_an_approved_one_is_changed_once_a_day(account, stub, sara):
    template = is_approved(account, stub, sara)
    draft = {"category": "utility", "components": [OTHER], "media": None}
    factories.change(template, draft=draft)

    template = submit(template, sara)
    assert (template.status, template.components, len(template.edits)) == ("pending", [OTHER], 1)
    factories.change(template, status="approved", provider_status="APPROVED", draft=draft)
    with pytest.raises(ValueError, match="one change .* a day"):
        submit(template, sara)
    assert stub.broken_rules == []


def test_an_approved_one_is_changed_ten_times_in_thirty_days(account, sara):
    edits = [(utcnow() - timedelta(days=n)).isoformat() for n in range(2, 12)]
    template = written(account, edits=edits, status="approved", provider_status="APPROVED")
    assert "ten changes" in reviewing.why_no_edit_yet(template, utcnow())
    template.edits = edits[1:]
    assert reviewing.why_no_edit_yet(template, utcnow()) == ""


@pytest.mark.parametrize("status", ["pending", "disabled", "in_appeal", "archived", "submitting"])
def test_nothing_else_is_changed(account, sara, status):
    with pytest.raises(ValueError):
        submit(written(account, status=status, provider_status=status.upper()), sara)


def test_a_change_that_never_arrived_leaves_what_was(account, stub, sara):
    template = is_approved(account, stub, sara)
    draft = {"category": "utility", "components": [OTHER], "media": None}
    factories.change(template, draft=draft)
    stub.template_answers.append((503, ""))
    template = submit(template, sara)

    grown(template, minutes=3)
    syncing.sync(account.id)

    template = again(template)
    assert (template.status, template.components, template.draft) == ("approved", [BODY], draft)


def test_rejected_mended_and_submitted_again(account, stub, sara):
    template = submit(written(account), sara)
    stub.book.kept[template.provider_id].status = "REJECTED"
    stub.book.kept[template.provider_id].rejected_reason = "PROMOTIONAL"
    syncing.sync(account.id)
    template = again(template)
    assert template.status == "rejected"
    assert template.reason.startswith("The words promote something")

    factories.change(template, draft={"category": "utility", "components": [OTHER]})
    assert submit(template, sara).status == "pending"
    assert stub.broken_rules == []


def test_one_language_is_deleted(account, stub, sara):
    template = is_approved(account, stub, sara)
    stub.book.add("visit", "de")
    with unit_of_work():
        reviewing.delete(db.session.get(MessageTemplate, template.id), sara)
    assert again(template).status == "pending_deletion"

    submitting.delete(template.id)
    submitting.delete(template.id)

    template = again(template)
    assert (template.status, template.deleted_at is None) == ("deleted", False)
    assert [one.language for one in stub.book] == ["de"]


def test_all_languages_are_deleted(account, stub, sara):
    stub.book.add("visit", "de")
    template = is_approved(account, stub, sara)
    with unit_of_work():
        reviewing.delete(db.session.get(MessageTemplate, template.id), sara, all_languages=True)
    for template_id in submitting.wanted_gone():
        submitting.delete(template_id)

    assert list(stub.book) == []
    assert submitting.wanted_gone() == []


def test_a_sync_takes_in_what_was_made_elsewhere_and_misses_what_is_gone(account, stub):
    for n in range(4):
        stub.book.add(f"t{n}")
    assert syncing.sync(account.id) == ""
    stub.book.delete("t1")
    with unit_of_work():  # the first look was a while ago
        for row in db.session.scalars(select(MessageTemplate)):
            row.status_at -= timedelta(hours=1)
    syncing.sync(account.id)

    rows = db.session.scalars(select(MessageTemplate).order_by(MessageTemplate.name)).all()
    assert [(row.name, row.status) for row in rows] == [
        ("t0", "approved"), ("t1", "deleted"), ("t2", "approved"), ("t3", "approved"),
    ]  # fmt: skip
    assert all(row.components and row.origin == "provider" for row in rows)


def test_a_failed_sync_says_so_and_removes_nothing(account, stub):
    stub.book.add("t1")
    syncing.sync(account.id)
    stub.secrets["access_token"] = "another"

    assert "access token" in syncing.sync(account.id)

    assert db.session.scalar(select(TemplateSync.problem))
    assert db.session.scalar(select(MessageTemplate.status)) == "approved"


def test_clock_asks_often_while_something_is_in_review_and_rarely_else(account, stub, sara):
    assert syncing.due() == [account.id]
    syncing.sync(account.id)
    assert syncing.due(utcnow() + timedelta(minutes=14)) == []
    assert syncing.due(utcnow() + timedelta(minutes=16)) == [account.id]

    submit(written(account), sara)
    assert syncing.due(utcnow() + timedelta(minutes=3)) == [account.id]


def test_with_an_inbound_plan_nothing_is_submitted_or_asked(account, stub, sara):
    template = written(account)
    with unit_of_work():
        reviewing.submit(db.session.get(MessageTemplate, template.id), sara)
        values.put("plan", {"kind": "inbound"}, sara)
    submitting.carry_out(template.id)
    assert syncing.due() == []
    assert syncing.sync(account.id)
    with pytest.raises(ValueError, match="inbound only"):
        submit(written(account, name="other"), sara)
    assert stub.requests == []


def test_leaving_approved_stops_what_uses_it_and_warns_of_a_recontact_template(
    account, stub, sara, monkeypatch
):
    stopped = []
    monkeypatch.setattr(leaving, "FEATURES", [lambda one, why: stopped.append((one.name, why))])
    template = is_approved(account, stub, sara)
    factories.change(account, recontact_template="visit")

    stub.book.kept[template.provider_id].status = "PAUSED"
    syncing.sync(account.id)

    assert stopped == [("visit", "Customers blocked or reported it, so WhatsApp paused it.")]
    alert = db.session.scalar(select(Alert).where(Alert.kind == leaving.ALERT))
    assert (alert.account_id, alert.ended_at) == (account.id, None)

    stub.book.kept[template.provider_id].status = "APPROVED"
    syncing.sync(account.id)
    db.session.refresh(alert)
    assert alert.ended_at


def test_no_transaction_is_open_while_the_provider_is_asked(account, stub, sara):
    seen, pool = [], db.engine.pool
    stub.on_request = lambda *_: seen.append(pool.checkedout())
    template = submit(written(account), sara)
    syncing.sync(account.id)
    assert template.status == "pending"
    assert seen and not any(seen)
