"""The settings' pages: plan and opening hours."""

from datetime import date, timedelta

from sqlalchemy import select

from tests import factories
from tests.settings.test_plan import hold
from webapp.accounts.models import RoutingStep
from webapp.alarms.models import AlarmRule
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate
from webapp.queues.models import Queue
from webapp.settings import plan, values
from webapp.settings.models import Interval, IntervalHoliday, IntervalSpan
from webapp.staff.models import AuditEntry, User

OFFICE = {
    "name": "Office",
    "time_zone": "Europe/Rome",
    "from-0": ["09:00", "14:00"],
    "until-0": ["13:00", "18:00"],
    "from-4": ["09:00"],
    "until-4": ["13:00"],
    "special": ["0"],
    "special-0-name": "Sales",
    "special-0-starts": "22:00",
    "special-0-ends": "02:00",
    "special-0-month_days": "1, 20-22",
    "special-0-months": ["12"],
    "holiday": ["0"],
    "holiday-0-day": "2026-12-25",
    "holiday-0-name": "Christmas",
    "holiday-0-yearly": "on",
}


def interval(name="Office", **columns):
    return factories.save(Interval(name=name, spans=[IntervalSpan(always=True)], **columns))


def only():
    return db.session.scalars(select(Interval)).one()


def test_admins_alone_open_the_settings(cast, sign_in):
    for person in (cast.sara, cast.ana):
        assert sign_in(person).get("/settings/plan").status_code == 403
    browser = sign_in(cast.admin)
    assert browser.get("/settings").headers["Location"] == "/settings/plan"
    page = browser.get("/settings/plan").text
    assert "Opening hours" in page and "Inbound &amp; outbound" in page


def test_what_stops_is_said_before_the_plan_is_switched(cast, sign_in):
    factories.save(
        MessageTemplate(
            account_id=cast.account.id, provider="meta", waba_id="1", name="hi", language="en",
            category="utility", status="approved", components=[],
        )
    )  # fmt: skip
    browser = sign_in(cast.admin)
    page = browser.post("/settings/plan", data={"kind": "inbound"}).text
    assert "1 approved template" in page and "First contact and recontact are refused" in page
    assert plan.allows_outbound()

    answer = browser.post("/settings/plan", data={"kind": "inbound", "confirmed": "yes"})
    assert answer.status_code == 303
    assert not plan.allows_outbound()
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.actor_id, entry.after["plan"]["kind"]) == (cast.admin.id, "inbound")


def test_switching_outbound_on_asks_nothing(cast, sign_in):
    hold("inbound")
    sign_in(cast.admin).post("/settings/plan", data={"kind": "both", "last_day": "2099-01-31"})
    assert plan.allows_outbound()
    assert plan.plan().last_day == date(2099, 1, 31)


def test_fewer_seats_than_people_says_who_has_to_go_first(cast, sign_in):
    browser = sign_in(cast.admin)
    answer = browser.post("/settings/plan", data={"kind": "both", "seats": "3"})
    assert answer.status_code == 422
    assert "Deactivate 2 people first; longest away: Ana Agent, Ben Agent." in answer.text
    assert plan.plan().seats is None


def test_a_person_beyond_the_seats_is_neither_added_nor_let_in_again(cast, sign_in):
    browser = sign_in(cast.admin)
    factories.change(cast.otto, active=False)
    hold(seats=4)
    person = {"name": "Eve", "email": "eve@example.com", "role": "agent", "capacity": "6"}
    eve = person | {"password": factories.PASSWORD, "active": "on"}
    sentence = "Your plan has 4 seats, and all are taken."
    answer = browser.post("/people/add", data=eve)
    assert answer.status_code == 422 and sentence in answer.text
    back = {"name": "Otto", "email": "otto@example.com", "role": "agent", "capacity": "6"}
    answer = browser.post(f"/people/{cast.otto.id}", data=back | {"active": "on"})
    assert answer.status_code == 422 and sentence in answer.text
    assert not db.session.get(User, cast.otto.id).active
    assert browser.post("/people/add", data=eve | {"active": ""}).status_code in (303, 422)


def test_admins_are_told_when_the_plan_ends_soon(cast, sign_in):
    hold(expires_at=utcnow() + timedelta(days=29))
    assert "The plan ends after" in sign_in(cast.admin).get("/queues").text
    assert "The plan ends after" not in sign_in(cast.sara).get("/queues").text
    hold(expires_at=utcnow() + timedelta(days=31))
    assert "The plan ends after" not in sign_in(cast.admin).get("/queues").text
    hold(expires_at=utcnow() - timedelta(days=1))
    assert "The plan has ended" in sign_in(cast.admin).get("/queues").text


def test_hours_are_kept_as_typed_and_shown_again(cast, sign_in):
    browser = sign_in(cast.admin)
    answer = browser.post("/settings/hours/add", data=OFFICE)
    assert answer.status_code == 303
    office = only()
    assert [(one.starts, one.ends, one.week_days) for one in office.spans] == [
        ("09:00", "13:00", [0, 4]), ("14:00", "18:00", [0]), ("22:00", "02:00", [])
    ]  # fmt: skip
    assert (office.spans[2].month_days, office.spans[2].months) == ([1, 20, 21, 22], [12])
    assert (office.holidays[0].day, office.holidays[0].yearly) == (date(2026, 12, 25), True)
    page = browser.get(answer.headers["Location"]).text
    assert 'value="Sales"' in page and 'value="1, 20, 21, 22"' in page
    assert page.count('name="from-0"') == 2 and page.count('name="from-1"') == 0


def test_saving_hours_again_unchanged_leaves_no_trace(cast, sign_in):
    browser = sign_in(cast.admin)
    where = browser.post("/settings/hours/add", data=OFFICE).headers["Location"]
    before = db.session.query(AuditEntry).count()
    assert browser.post(where, data=OFFICE).status_code == 303
    assert db.session.query(AuditEntry).count() == before
    browser.post(where, data=OFFICE | {"holiday-0-name": "Xmas"})
    assert [one.name for one in only().holidays] == ["Xmas"]


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(cast, sign_in):
    wrong = OFFICE | {"from-4": ["9 o'clock"], "time_zone": "Rome", "holiday-0-day": "soon"}
    answer = sign_in(cast.admin).post("/settings/hours/add", data=wrong)
    assert answer.status_code == 422
    for said in ("Write times like 09:00.", "Choose one from the list", "Choose the day."):
        assert said in answer.text
    assert 'value="9 o&#39;clock"' in answer.text and 'value="Sales"' in answer.text
    assert db.session.scalars(select(Interval)).all() == []


def test_rows_come_and_go_by_a_button_without_being_saved(cast, sign_in):
    browser = sign_in(cast.admin)
    page = browser.post("/settings/hours/add", data=OFFICE | {"change": "add day-4"}).text
    assert page.count('name="from-4"') == 2
    page = browser.post("/settings/hours/add", data=OFFICE | {"change": "drop day-0-0"}).text
    assert page.count('name="from-0"') == 1 and 'value="14:00"' in page
    page = browser.post("/settings/hours/add", data=OFFICE | {"change": "copy day-0"}).text
    assert page.count('name="from-3"') == 2
    for change in ("add special-0", "drop holiday-0", "drop holiday-7", "what"):
        answer = browser.post("/settings/hours/add", data=OFFICE | {"change": change})
        assert answer.status_code == 200
    assert db.session.scalars(select(Interval)).all() == []


def test_the_preview_follows_what_is_typed_right_or_wrong(cast, sign_in):
    browser = sign_in(cast.admin)
    always = {"special": "0", "special-0-always": "on", "time_zone": "Nowhere"}
    assert "Always open" in browser.post("/settings/hours/preview", data=always).text
    assert "Never open" in browser.post("/settings/hours/preview", data={"from-0": "x"}).text


def test_hours_in_use_are_not_deleted_and_say_by_what(cast, sign_in):
    office = interval()
    factories.change(cast.account.steps[0], interval_id=office.id)
    factories.change(cast.queue, interval_id=office.id)
    browser = sign_in(cast.admin)
    browser.post("/settings/hours/expected", data={"interval_id": office.id})
    answer = browser.post(f"/settings/hours/{office.id}/delete", follow_redirects=True)
    assert (
        "Office is used by routing of Northgate Care, queue Support, the alarm for silence."
        in answer.text
    )
    factories.change(cast.account.steps[0], interval_id=None)
    factories.change(cast.queue, interval_id=None)
    browser.post("/settings/hours/expected", data={"interval_id": ""})
    assert values.get("expected_hours") == {"interval_id": None}
    browser.post(f"/settings/hours/{office.id}/delete")
    assert db.session.scalars(select(Interval)).all() == []


def test_hours_of_a_campaign_or_of_an_alarm_s_quiet_are_not_deleted(cast, sign_in):
    night = interval()
    campaign = factories.make_campaign(cast.account, name="Autumn", interval_id=night.id)
    rule = factories.save(AlarmRule(name="Too many wait", figure="waiting", quiet_id=night.id))
    browser = sign_in(cast.admin)
    answer = browser.post(f"/settings/hours/{night.id}/delete", follow_redirects=True)
    names = "campaign Autumn, the quiet hours of the alarm Too many wait"
    assert f"Office is used by {names}." in answer.text
    assert rule.quiet_id == campaign.interval_id == night.id


def test_the_list_says_how_each_stands(cast, sign_in):
    interval("Day and night")
    off = IntervalHoliday(day=utcnow().date(), name="Today")
    factories.save(Interval(name="Nothing", holidays=[off]))
    page = sign_in(cast.admin).get("/settings/hours").text
    assert "Always open" in page and "Never open" in page


def test_a_queues_hours_are_chosen_on_its_page_which_says_how_it_stands(cast, sign_in):
    always = interval("Day and night")
    browser = sign_in(cast.sara)
    form = {"name": "Support", "strategy": "rr_memory", "timeout": "30", "weight": "0"}
    form |= {"reply_target": "120", "interval_id": always.id, "member": [cast.ana.id]}
    assert browser.post(f"/queues/{cast.queue.id}", data=form).status_code == 303
    assert "Always open" in browser.get(f"/queues/{cast.queue.id}").text
    assert db.session.get(Queue, cast.queue.id).interval_id == always.id
    browser.post(f"/queues/{cast.queue.id}", data=form | {"interval_id": ""})
    assert db.session.get(Queue, cast.queue.id).interval_id is None


def test_the_hours_of_the_routing_step_are_chosen_on_the_accounts_page(cast, sign_in):
    always = interval("Day and night")
    form = {
        "name": "Northgate Care", "key": "NGC", "phone": "+15550100199", "enabled": "on",
        "queue_id": cast.queue.id, "interval_id": always.id, "session_anchor": "first",
    }  # fmt: skip
    browser = sign_in(cast.admin)
    assert browser.post(f"/accounts/{cast.account.id}", data=form).status_code == 303
    step = db.session.scalars(select(RoutingStep)).one()
    assert (step.queue_id, step.interval_id) == (cast.queue.id, always.id)
    page = browser.get(f"/accounts/{cast.account.id}").text
    assert f'<option selected value="{always.id}">Day and night' in page
