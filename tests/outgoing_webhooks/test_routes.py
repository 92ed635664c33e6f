"""The pages of our own webhooks: for admins; the secret is shown once."""

import pytest
from sqlalchemy import select

from tests.factories import save
from webapp.alarms.models import AlarmRule
from webapp.extensions import db
from webapp.outgoing_webhooks.models import OutgoingWebhook, WebhookDelivery
from webapp.staff.models import AuditEntry

FORM = {"name": "Pager", "url": "https://hooks.example.com/parley", "enabled": "y"}


@pytest.fixture
def browser(sign_in, admin):
    return sign_in(admin)


@pytest.fixture
def webhook(app):
    return save(OutgoingWebhook(name="Pager", url="https://hooks.example.com", secret="whs_x"))


def test_adding_one_shows_its_secret_once(browser):
    answer = browser.post("/settings/webhooks/add", data=FORM)
    webhook = db.session.scalars(select(OutgoingWebhook)).one()
    assert webhook.secret.startswith("whs_")
    assert webhook.secret in answer.get_data(as_text=True)
    later = browser.get(f"/settings/webhooks/{webhook.id}").get_data(as_text=True)
    assert webhook.secret not in later


@pytest.mark.parametrize(
    "url",
    ["", "hooks.example.com", "http://hooks.example.com", "https://a:b@c.example", "https://"],
)
def test_an_address_nobody_could_use_is_refused_in_words(browser, url):
    answer = browser.post("/settings/webhooks/add", data=FORM | {"url": url})
    assert answer.status_code == 422
    assert "Write " in answer.get_data(as_text=True)


def test_a_new_secret_takes_the_place_of_the_old_one(browser, webhook):
    answer = browser.post(f"/settings/webhooks/{webhook.id}/secret")
    db.session.expire_all()
    assert webhook.secret != "whs_x"
    assert webhook.secret in answer.get_data(as_text=True)


def test_a_test_and_a_replay_are_deliveries(browser, webhook):
    browser.post(f"/settings/webhooks/{webhook.id}/test")
    first = db.session.scalars(select(WebhookDelivery)).one()
    browser.post(f"/settings/webhooks/{webhook.id}/deliveries/{first.id}/replay")
    kinds = db.session.scalars(select(WebhookDelivery.kind)).all()
    assert kinds == ["test", "test"]
    page = browser.get(f"/settings/webhooks/{webhook.id}").get_data(as_text=True)
    assert "On its way" in page and "Send again" in page


def test_a_delivery_of_another_webhook_is_not_found(browser, webhook):
    other = save(OutgoingWebhook(name="Other", url="https://x.example", secret="whs_y"))
    browser.post(f"/settings/webhooks/{webhook.id}/test")
    first = db.session.scalars(select(WebhookDelivery)).one()
    answer = browser.post(f"/settings/webhooks/{other.id}/deliveries/{first.id}/replay")
    assert answer.status_code == 404


def test_deleting_one_takes_its_deliveries_along(browser, webhook):
    browser.post(f"/settings/webhooks/{webhook.id}/test")
    assert browser.post(f"/settings/webhooks/{webhook.id}/delete").status_code == 303
    assert db.session.scalars(select(WebhookDelivery)).all() == []


def test_whoever_deletes_one_hears_which_alarms_called_it(sign_in, admin):
    webhook = save(OutgoingWebhook(name="Pager", url="https://x.example", secret="s"))
    rule = save(AlarmRule(name="Too many wait", figure="waiting", webhook_id=webhook.id))
    url = f"/settings/webhooks/{webhook.id}/delete"
    page = sign_in(admin).post(url, follow_redirects=True).text
    assert "It was called by Too many wait: choose another one there." in page
    db.session.expire_all()
    assert rule.webhook_id is None
    assert db.session.scalars(select(AuditEntry)).all()[-1].before["alarms"] == ["Too many wait"]


@pytest.mark.parametrize("who", ["sara", "ana"])
def test_others_may_not(sign_in, cast, who):
    assert sign_in(getattr(cast, who)).get("/settings/webhooks").status_code == 403
