"""The pages of alarms: leaders see and acknowledge, admins write the rules."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_queue, save
from webapp.alarms.models import Alarm, AlarmRule
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import AuditEntry

FORM = {
    "name": "Too many wait",
    "figure": "waiting",
    "where": "all",
    "comparison": "above",
    "bound": "5",
    "minutes": "3",
    "enabled": "y",
    "notifies": "y",
    "mail_to": "",
    "webhook_id": "",
    "quiet_id": "",
}


def make_alarm(**columns):
    rule = save(AlarmRule(name="Too many wait", figure="waiting", bound=5, critical=True))
    now = utcnow()
    values = {
        "rule_id": rule.id,
        "name": "Support",
        "bound": 5,
        "value": 9,
        "worst": 11,
        "began_at": now - timedelta(minutes=6),
        "seen_at": now,
        "fired_at": now - timedelta(minutes=3),
        "told_at": now - timedelta(minutes=3),
    }
    return save(Alarm(**(values | columns)))


def rules():
    db.session.expire_all()
    return db.session.scalars(select(AlarmRule)).all()


def test_what_is_so_now_is_on_the_page_and_in_the_notices(sign_in, sara):
    make_alarm()
    browser = sign_in(sara)
    page = browser.get("/alarms").get_data(as_text=True)
    assert "Support: waiting customers above 5" in page
    assert "9 now, at worst 11." in page
    assert "data-alarm=" in browser.get("/inbox").get_data(as_text=True)


def test_many_alarms_cover_no_more_of_a_page_than_one(sign_in, sara):
    for name in ("Support", "Orders", "Sales"):
        make_alarm(name=name)
    page = sign_in(sara).get("/inbox").get_data(as_text=True)
    assert page.count('class="toast"') == 1
    assert "and 2 more" in page
    assert page.count("data-alarm=") == 3  # said aloud all the same


def test_acknowledging_says_who_and_silences_the_notice(sign_in, sara):
    alarm = make_alarm()
    browser = sign_in(sara)
    answer = browser.post(f"/alarms/{alarm.id}/acknowledge", data={"next": "/inbox"})
    assert (answer.status_code, answer.location) == (303, "/inbox")
    assert "Sara Supervisor looks after it." in browser.get("/alarms/open").get_data(as_text=True)
    assert "data-alarm=" not in browser.get("/alarms/notices").get_data(as_text=True)


def test_the_board_s_part_is_answered_alone_after_acknowledging(sign_in, sara):
    alarm = make_alarm()
    answer = sign_in(sara).post(f"/alarms/{alarm.id}/acknowledge", headers={"HX-Request": "true"})
    page = answer.get_data(as_text=True)
    assert page.lstrip().startswith('<div id="alarms"') and "Acknowledge" not in page


def test_what_is_over_is_listed_and_saved_as_a_file(sign_in, sara):
    make_alarm(ended_at=utcnow())
    browser = sign_in(sara)
    assert "at worst 11" in browser.get("/alarms").get_data(as_text=True)
    file = browser.post("/alarms/export", data={"all": "1"}, buffered=True).text
    assert "Support: waiting customers above 5" in file


@pytest.mark.parametrize("path", ["/alarms", "/alarms/open", "/alarms/notices", "/alarms/rules"])
def test_agents_may_not(sign_in, ana, path):
    assert sign_in(ana).get(path).status_code == 403


def test_supervisors_write_no_rules(sign_in, sara):
    assert sign_in(sara).get("/alarms/rules").status_code == 403
    assert "alarm-notices" in sign_in(sara).get("/inbox").get_data(as_text=True)


def test_agents_pages_ask_for_no_notices(sign_in, ana):
    assert "alarm-notices" not in sign_in(ana).get("/inbox").get_data(as_text=True)


def test_a_rule_is_added_changed_switched_and_deleted_with_audit_rows(sign_in, admin):
    orders = make_queue("Orders")
    browser = sign_in(admin)
    assert browser.post("/alarms/rules/add", data=FORM).status_code == 303
    [rule] = rules()
    assert (rule.scope, rule.bound, rule.minutes, rule.mails) == ("all", 5, 3, False)
    path = f"/alarms/rules/{rule.id}"
    changed = FORM | {"where": f"queue:{orders.id}", "bound": "", "mails": "y"}
    changed["mail_to"] = "a@example.com, b@example.com"
    assert browser.post(path, data=changed).status_code == 303
    [rule] = rules()
    assert (rule.queue_id, rule.bound, rule.mail_to) == (
        orders.id,
        None,
        ["a@example.com", "b@example.com"],
    )
    page = browser.get("/alarms/rules").get_data(as_text=True)
    assert "Waiting customers above the queue&#39;s target for 3 minutes, Orders" in page
    browser.post(f"{path}/switch", data={"on": "no"})
    assert not rules()[0].enabled
    browser.post(f"{path}/delete")
    assert rules() == []
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-4:] == ["added", "changed", "changed", "deleted"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Write a name."),
        ({"bound": ""}, "only queues have targets"),
        ({"figure": "service_level", "where": "account"}, "is not counted for this"),
        ({"figure": "available", "where": "queue", "bound": ""}, "only queues have targets"),
        ({"minutes": "-1"}, "from 0 to 1,440"),
        ({"mail_to": "nobody"}, "is not an e-mail address"),
    ],
)
def test_what_no_rule_can_be_is_refused_and_nothing_typed_is_lost(sign_in, admin, wrong, words):
    answer = sign_in(admin).post("/alarms/rules/add", data=FORM | {"minutes": "7"} | wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and words in page
    assert rules() == []
