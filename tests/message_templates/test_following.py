"""Every documented piece of template news, in any order and twice, leads where it should."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from tests import factories
from tests.providers.casts import KALEYRA, META
from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.message_templates import following
from webapp.message_templates.models import MessageTemplate, TemplateStatus
from webapp.providers.base import AccountRef, TemplateUpdate
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

AT = datetime(2026, 11, 21, 21, 46, 40, tzinfo=UTC)
STATUSES = ("approved", "disabled", "paused", "pending_deletion", "rejected")
ASPECTS = ("quality_update", "category_impending", "category_changed", "components_update")


@pytest.fixture
def account(app):
    return factories.make_meta_account()


def news(name, cast=META):
    call = cast.call(f"template_{name}")
    (event,) = cast.provider_at().parse(cast.request(call))
    return event


def status(word, at=AT, name="visit_reminder", template_id="700155500000001", **more):
    change = {"what": "status", "status": word, **more}
    ref = AccountRef(waba_id=factories.META_WABA_ID)
    return TemplateUpdate(ref, template_id, name, "en-US", change, at, {})


def apply(account, *events):
    account = db.session.get(Account, account.id)
    with unit_of_work():
        for event in events:
            following.follow(account, event)
    return db.session.scalar(select(MessageTemplate).order_by(MessageTemplate.id))


def shown(template):
    names = (
        "provider_id", "name", "language", "status", "provider_status", "reason", "recommendation",
        "paused_until", "quality", "category", "previous_category", "coming_category",
        "coming_category_at", "components", "parameter_format", "deleted_at",
    )  # fmt: skip
    return {name: getattr(template, name) for name in names}


def forget():
    with unit_of_work():
        db.session.execute(delete(MessageTemplate))


@pytest.mark.parametrize("last", STATUSES)
def test_the_samples_in_any_order_and_twice_lead_to_one_state(account, last):
    events = [*map(news, ASPECTS), news(f"status_{last}")]
    outcomes = []
    for order in itertools.permutations(events):
        outcomes.append(shown(apply(account, *order, *order)))
        forget()
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert outcomes[0]["status"] == last
    assert outcomes[0]["quality"] == "red"
    assert (outcomes[0]["category"], outcomes[0]["previous_category"]) == ("marketing", "utility")
    assert outcomes[0]["coming_category"] is None
    assert [part["type"] for part in outcomes[0]["components"]] == [
        "HEADER", "BODY", "FOOTER", "BUTTONS",
    ]  # fmt: skip


def test_states_in_any_order_leave_the_latest(account):
    words = ("PENDING", "APPROVED", "FLAGGED", "PAUSED", "REINSTATED")
    events = [status(word, AT + timedelta(hours=n)) for n, word in enumerate(words)]
    for order in itertools.permutations(events):
        template = apply(account, *order, *reversed(order))
        assert (template.status, template.provider_status) == ("approved", "REINSTATED")
        forget()


def test_of_one_second_the_state_that_forbids_more_counts(account):
    events = [news(f"status_{name}") for name in STATUSES]
    for order in itertools.permutations(events):
        assert apply(account, *order, *order).status == TemplateStatus.PENDING_DELETION
        forget()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("APPROVED", "approved"), ("PENDING", "pending"), ("REJECTED", "rejected"),
        ("PAUSED", "paused"), ("DISABLED", "disabled"), ("FLAGGED", "approved"),
        ("REINSTATED", "approved"), ("IN_APPEAL", "in_appeal"), ("LOCKED", "approved"),
        ("LIMIT_EXCEEDED", "limit_exceeded"), ("PENDING_DELETION", "pending_deletion"),
        ("DELETED", "deleted"), ("ARCHIVED", "archived"), ("UNARCHIVED", "approved"),
        ("TELEPORTED", "unknown"),
    ],
)  # fmt: skip
def test_every_word_has_its_state_and_only_some_may_be_sent(account, word, expected):
    template = apply(account, status(word))

    assert template.status == expected
    assert template.is_sendable == (expected == "approved")


def test_a_first_pause_lasts_three_hours_and_a_second_six(account):
    assert apply(account, news("status_paused")).paused_until == news("status_paused").at + (
        timedelta(hours=3)
    )
    later = status("PAUSED", AT + timedelta(days=2), pause="SECOND_PAUSE")
    assert apply(account, later).paused_until == later.at + timedelta(hours=6)
    assert apply(account, status("APPROVED", AT + timedelta(days=3))).paused_until is None


def test_a_rejection_says_why_and_what_to_do(account):
    template = apply(account, news("status_rejected"))

    assert template.reason == (
        "The form is not right: a variable, a link or a button. "
        "WhatsApp says: A variable is the last thing in the body."
    )
    assert template.recommendation == "Add fixed text after the variable."


def test_an_announced_category_is_kept_until_it_comes(account):
    template = apply(account, news("category_impending"))

    assert (template.category, template.coming_category) == ("utility", "marketing")
    assert template.coming_category_at == datetime.fromtimestamp(1795386400, UTC)


def test_kaleyras_news_is_followed_too(app):
    account = factories.make_account(
        provider="kaleyra", waba_id="100000000000002", phone="15550100209"
    )
    event = news("status_update_post", KALEYRA)

    template = apply(account, event, event)

    assert (template.name, template.language, template.status) == (
        "order_update", "en", "approved",
    )  # fmt: skip
    assert template.provider == "kaleyra"


def test_an_unknown_template_is_taken_in_once(account):
    apply(account, status("APPROVED"), status("APPROVED"))
    apply(account, news("quality_update"))

    (template,) = db.session.scalars(select(MessageTemplate)).all()
    assert (template.origin, template.language) == ("provider", "en_US")


def test_news_reaches_what_is_on_its_way_before_its_answer_did(account):
    factories.save(
        MessageTemplate(
            account_id=account.id, provider="meta", waba_id=factories.META_WABA_ID,
            name="visit_reminder", language="en_US", status=TemplateStatus.SUBMITTING,
        )
    )  # fmt: skip

    template = apply(account, status("APPROVED"))

    assert (template.status, template.provider_id) == ("approved", "700155500000001")


def test_news_of_another_template_of_the_same_name_changes_nothing(account):
    template = apply(account, status("APPROVED"))

    apply(account, status("REJECTED", AT + timedelta(hours=1), template_id="999"))

    db.session.refresh(template)
    assert template.status == "approved"


def test_news_through_the_webhook_changes_the_template(app, account):
    call = META.call("template_status_paused")
    proof = META.prove(factories.META_SECRET, "", call)
    answer = app.test_client().post(account.webhook_path, data=call.body, headers=proof)
    assert answer.status_code == 200
    draining.drain(account.id, lambda: False)

    template = db.session.scalar(select(MessageTemplate))
    assert template.status == TemplateStatus.PAUSED
