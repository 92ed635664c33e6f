"""Who may read reports, what the first page shows, and what narrows one."""

import json
import re

import pytest

from tests.factories import make_interaction, make_message, make_queue
from webapp.reports.catalogue import REPORTS
from webapp.reports.names import TABLES


@pytest.mark.parametrize("path", ["/reports", "/reports/queues", "/reports/agents.csv"])
def test_agents_may_not(sign_in, ana, path):
    assert sign_in(ana).get(path).status_code == 403


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("end", ["", ".csv", ".xlsx"])
def test_every_report_has_a_page_and_files_even_of_nothing(sign_in, sara, name, end):
    if end == ".xlsx" and REPORTS[name].is_long:
        return  # made by a job
    answer = sign_in(sara).get(f"/reports/{name}{end}", buffered=True)
    assert answer.status_code == 200
    if end:
        assert answer.headers["Content-Disposition"].endswith(f"{end}")


def test_a_filter_that_says_nothing_about_a_report_is_not_offered(sign_in, sara):
    browser = sign_in(sara)
    for name, report in REPORTS.items():
        page = browser.get(f"/reports/{name}").get_data(as_text=True)
        for kind, (_, label) in TABLES.items():
            assert (f"</svg>{label}</summary>" in page) == (kind in report.filters)


def test_a_report_nobody_knows_is_not_found(sign_in, sara):
    browser = sign_in(sara)
    assert browser.get("/reports/nonsense").status_code == 404
    assert browser.get("/reports/nonsense.csv").status_code == 404


def test_the_menu_leads_leaders_there(sign_in, sara, ana):
    assert 'href="/reports"' in sign_in(sara).get("/inbox").get_data(as_text=True)
    assert 'href="/reports"' not in sign_in(ana).get("/inbox").get_data(as_text=True)


def test_the_first_page_counts_today_and_keeps_its_filters_in_every_link(sign_in, cast):
    other = make_queue("Orders")
    for queue in (cast.queue, cast.queue, other):
        make_message(make_interaction(cast.account, queue=queue))
    browser = sign_in(cast.sara)
    page = browser.get("/reports?period=today").get_data(as_text=True)
    assert 'Messages received</span><span class="tile__value num">3<' in page
    narrowed = browser.get(f"/reports?period=today&queue={other.id}").get_data(as_text=True)
    assert 'Messages received</span><span class="tile__value num">1<' in narrowed
    assert f"/reports/agents?queue={other.id}&amp;period=today" in narrowed
    assert f"/reports/queues.xlsx?queue={other.id}&amp;period=today" in narrowed


def test_reports_by_day_are_drawn_with_the_numbers_of_their_table(sign_in, cast):
    make_message(make_interaction(cast.account, queue=cast.queue))
    page = sign_in(cast.sara).get("/reports/messages?period=week").get_data(as_text=True)
    drawn = json.loads(re.search(r"data-chart='([^']*)'", page)[1])
    assert len(drawn["days"]) == 7
    assert drawn["days"][1] - drawn["days"][0] == 86_400
    assert [one["label"] for one in drawn["series"]] == ["Received", "Sent", "Failed"]
    assert drawn["series"][0]["values"] == [0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("path", ["/reports/queues", "/reports/messages?period=today"])
def test_what_is_no_line_is_not_drawn(sign_in, sara, path):
    assert "data-chart" not in sign_in(sara).get(path).get_data(as_text=True)
