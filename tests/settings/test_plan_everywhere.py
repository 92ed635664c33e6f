"""Under “Inbound only” nothing outbound is to be reached: no page, no job, no command."""

import importlib
import re

import pytest
from sqlalchemy import select

from tests import factories
from tests.settings.test_plan import hold
from webapp.extensions import db
from webapp.inbox.models import Message
from webapp.jobs import JOBS
from webapp.message_templates.models import MessageTemplate
from webapp.staff import access

OUTBOUND = ("message_templates", "campaigns")


def rules_of(app, *blueprints):
    return [
        rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in blueprints
    ]


def refused(browser, rule):
    url = re.sub("<[^>]*>", "1", rule.rule)
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


@pytest.mark.parametrize("name", [name for name in JOBS if name.split(".")[1] in OUTBOUND])
def test_jobs_of_what_is_outbound_do_nothing(name, cast, fake):
    account = factories.make_meta_account()
    before = factories.save(
        MessageTemplate(
            account_id=account.id, provider="meta", waba_id=account.waba_id, name="hi",
            language="en", category="utility", status="submitting", components=[],
        )
    )  # fmt: skip
    columns = [column.key for column in MessageTemplate.__mapper__.column_attrs]
    row = {key: getattr(before, key) for key in columns}
    hold("inbound")
    module, _, function = name.rpartition(".")
    getattr(importlib.import_module(module), function)(before.id)
    db.session.rollback()
    after = db.session.get(MessageTemplate, before.id)
    assert {key: getattr(after, key) for key in row} == row
    assert db.session.scalars(select(Message)).all() == []
