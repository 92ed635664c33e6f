"""Under “Inbound only” nothing outbound is to be reached: no page, no job, no command."""

import importlib
import re

import pytest
from sqlalchemy import select

from tests import factories
from tests.campaigns.sending import begin_with_picture, make_running, send
from tests.commands.conftest import run
from tests.settings.test_plan import hold
from webapp.campaigns.sending import handing_over
from webapp.extensions import db
from webapp.inbox.models import Message
from webapp.jobs import JOBS
from webapp.message_templates.models import MessageTemplate, TemplateSync
from webapp.staff import access

__all__ = ["run"]

OUTBOUND = ("message_templates", "campaigns")


def rules_of(app, *blueprints):
    return [
        rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in blueprints
    ]


def refused(browser, rule):
    url = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
    url = re.sub("<[^>]*>", "1", url)
    method = "POST" if "POST" in rule.methods else "GET"
    answer = browser.open(url, method=method)
    return answer.status_code == 403 and "Your plan is inbound only" in answer.text


def test_every_page_of_what_is_outbound_is_marked_and_refused_in_words(app, cast, sign_in):
    hold("inbound")
    browser = sign_in(cast.admin)
    rules = rules_of(app, *OUTBOUND)
    unmarked = [r.endpoint for r in rules if not _is_marked(app.view_functions[r.endpoint])]
    assert unmarked == []
    assert [rule.rule for rule in rules if not refused(browser, rule)] == []


def test_whatever_is_marked_elsewhere_is_refused_too(app, cast, sign_in):
    hold("inbound")
    browser = sign_in(cast.admin)
    marked = [
        rule for rule in app.url_map.iter_rules() if _is_marked(app.view_functions[rule.endpoint])
    ]
    assert [rule.rule for rule in marked if not refused(browser, rule)] == []


def _is_marked(view):
    return getattr(view, "outbound", False)


def test_a_mark_survives_the_guard_above_it(app):
    @access.needs()
    @access.outbound
    def view():
        return "here"

    assert view.outbound


def test_menus_hide_what_the_plan_refuses(app, cast, sign_in):
    browser = sign_in(cast.admin)
    shown = browser.get("/queues").text
    hold("inbound")
    hidden = browser.get("/queues").text
    for rule in rules_of(app, *OUTBOUND):
        if rule.endpoint.endswith(".index"):
            assert f'href="{rule.rule}"' in shown
            assert f'href="{rule.rule}"' not in hidden


JOBS_OF_TEMPLATES = [name for name in JOBS if name.split(".")[1] == "message_templates"]


@pytest.mark.parametrize("name", JOBS_OF_TEMPLATES)
def test_jobs_of_templates_do_nothing(name, cast, stub):
    """Each is given what it would work on: without the plan in the way it asks the provider."""
    subject, wanted = _work_of(name)
    hold("inbound")
    before = _rows()
    _job(name)(subject)
    db.session.rollback()
    assert asked_about_templates(stub) == []
    assert _rows() == before

    hold("both")
    _job(name)(subject)
    assert asked_about_templates(stub) == [wanted]


def test_jobs_of_campaigns_upload_and_send_nothing(cast, stub):
    campaign = make_running(people=1)
    begin_with_picture(campaign)
    for plan in ("inbound", "both"):
        hold(plan)
        handing_over.hand_over(campaign.id)
        assert len(stub.uploaded) == (plan == "both")
    for plan in ("inbound", "both"):
        hold(plan)
        send()
        assert len(stub.sent) == (plan == "both")
        factories.change(campaign, state="running")


def _work_of(name):
    """What the job is given, and the method of the call it makes once it may."""
    account = factories.make_meta_account()
    if name.endswith(".sync"):
        return account.id, "GET"
    deleted = name.endswith(".delete")
    status = "pending_deletion" if deleted else "submitting"
    template = _template(
        account, status=status, provider_id="77" if deleted else None,
        provider_status="APPROVED" if deleted else "",
    )  # fmt: skip
    return template.id, "DELETE" if deleted else "POST"


def _template(account, language="en", **columns):
    return factories.save(
        MessageTemplate(
            account_id=account.id, provider="meta", waba_id=account.waba_id, name="hi",
            language=language, category="utility",
            components=[{"type": "BODY", "text": "Hello."}], **columns,
        )
    )  # fmt: skip


def _job(name):
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(module), function)


def _rows():
    """All that these jobs could write to."""
    return [
        db.session.execute(select(one.__table__)).all()
        for one in (MessageTemplate, TemplateSync, Message)
    ]


@pytest.fixture
def templates(cast, stub):
    """What each command is given, so that nothing but the plan stands in its way."""
    account = factories.make_meta_account()
    talk = factories.make_interaction(account, factories.make_contact("Dana Whitlock"))
    draft = _template(account, status="draft")
    kept = _template(account, "de", status="approved", provider_status="APPROVED", provider_id="78")
    return {
        "key": account.key,
        "talk": talk.id,
        "draft": draft.id,
        "kept": kept.id,
    }


@pytest.mark.parametrize(
    "command",
    [
        "interactions send-template {talk} hi --language de",
        "interactions start {key} +15550142299 hi --language de",
        "templates submit {draft}",
        "templates sync --account {key}",
        "templates delete {kept}",
    ],
)
def test_commands_of_what_is_outbound_are_refused_in_words(command, templates, run, stub):
    hold("inbound")
    before = _rows()
    refused = run(*command.format(**templates).split())
    assert refused.exit_code == 2
    assert "Your plan is inbound only" in refused.stderr
    assert _rows() == before
    assert stub.sent == [] and asked_about_templates(stub) == []

    hold("both")
    assert run(*command.format(**templates).split()).exit_code == 0


def asked_about_templates(stub):
    """The methods of the calls that reached Meta's stand-in, messages left out."""
    return [one.method for one in stub.requests if "/messages" not in one.path]
