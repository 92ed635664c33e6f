"""Page, CSV and workbook say what counting the raw events of a month one by one gives.

Three zones, and the month of each change of the clock; one of them summed up to the end, the
other until its middle.
"""

import csv
import html
import io
import re
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from tests.analytics import reference
from tests.analytics.history import History
from webapp.analytics import figures, periods, summing
from webapp.columns import utcnow
from webapp.reports import choosing, overview
from webapp.reports.catalogue import REPORTS
from webapp.reports.names import NONE
from webapp.reports.spec import in_a_file, shown
from webapp.settings import dispositions

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ZONES = ("Europe/Rome", "America/New_York", "Asia/Kolkata")
MONTHS = {
    "spring": datetime(2026, 3, 5, tzinfo=UTC),  # New York changes on the 8th, Rome on the 29th
    "autumn": datetime(2026, 10, 10, tzinfo=UTC),  # Rome on the 25th, New York on 1 November
}


SUMMED_UP = {"spring": timedelta(days=60), "autumn": timedelta(days=17)}  # all of it, and half


@pytest.fixture(params=MONTHS, name="history")
def a_month(request, app):
    history = History(request.param, MONTHS[request.param], days=31)
    summing.sweep(now=history.start + SUMMED_UP[request.param], longest=600)
    return history


@pytest.fixture(params=ZONES, name="zone")
def a_zone(request):
    return request.param


def days(history, zone):
    """Some days in the middle of it, a change of the clock among them."""
    first = reference.day(history.start, zone) + timedelta(days=2)
    return first, reference.day(history.end, zone) - timedelta(days=4)


def query(history, zone, **more):
    first, last = days(history, zone)
    dates = {"period": "own", "first": first.isoformat(), "last": last.isoformat()}
    return dates | {"zone": zone} | more


def within(expected, history, zone):
    """Per key alone, what the reference counts by key and day."""
    first, last = days(history, zone)
    total = {}
    for (key, day), counted in expected.items():
        if first <= day <= last:
            total[key] = total.get(key, Counter()) + Counter(counted)
    return total


def expected_queues(history, zone):
    first, last = days(history, zone)
    waits, handles = {}, {}
    for at, queue, took, how in reference.waits(history):
        if how == "accepted" and first <= reference.day(at, zone) <= last:
            waits.setdefault(queue, []).append(took)
    for talk in history.conversations:
        accepted = reference.first_accept(talk)
        if talk.close and accepted and first <= reference.day(talk.close.at, zone) <= last:
            took = reference.seconds(accepted, talk.close.at)
            handles.setdefault(talk.steps[-1].queue, []).append(took)
    names = {queue.id: queue.name for queue in history.queues} | {None: "No queue"}
    found = within(reference.by_day_and_queue(history, zone), history, zone)
    return {
        names[queue]: _queue(sums, waits.get(queue), handles.get(queue))
        for queue, sums in found.items()
    }


def _queue(sums, waits, handles):
    waited = sums["accepted"] + sums["timed_out"] + sums["abandoned_waiting"]
    return {
        "waited": waited,
        "accepted": sums["accepted"],
        "timed_out": sums["timed_out"],
        "left": sums["abandoned_waiting"],
        "wait": reference.middle(waits) if waits else None,
        "closed": sums["closed"],
        "handle": reference.middle(handles) if handles else None,
        "service_level": 100 * sums["accepted_in_time"] / waited if waited else None,
    }


def expected_messages(history, zone):
    first, last = days(history, zone)
    found = {day: Counter() for day in periods.days(first, last)}
    for (_, day), sums in reference.messages(history, zone).items():
        if day in found:
            found[day] += sums
    return found


def on_the_page(browser, name, asked):
    """{first cell: {column: text}} of the report's table."""
    page = browser.get(f"/reports/{name}", query_string=asked).get_data(as_text=True)
    columns = [column.name for column in REPORTS[name].columns]
    body = page.partition("<tbody")[2].partition("</tbody>")[0]
    lines = [
        [_text(cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.S)]
        for row in re.findall(r"<tr.*?>(.*?)</tr>", body, re.S)
    ]
    return {line[0]: dict(zip(columns[1:], line[1:], strict=True)) for line in lines}


def _text(cell):
    return html.unescape(re.sub(r"<.*?>", "", cell)).strip()


def in_the_csv(browser, name, asked):
    answer = browser.get(f"/reports/{name}.csv", query_string=asked, buffered=True)
    header, *lines = csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    assert header == [column.heading for column in REPORTS[name].columns]
    return lines


def in_the_workbook(browser, name, asked):
    answer = browser.get(f"/reports/{name}.xlsx", query_string=asked, buffered=True)
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    header, *lines = [_line(row) for row in sheet.iter(f"{SHEET}row")]
    lines = [line + [""] * (len(header) - len(line)) for line in lines]
    assert header == [column.heading for column in REPORTS[name].columns]
    return lines


def _line(row):
    """Numbers and texts in their places; what is empty is not written."""
    line = []
    for cell in row:
        place = ord(cell.get("r")[0]) - ord("A")
        line += [""] * (place - len(line))
        plain = cell.get("t") != "inlineStr"
        line.append(float(cell.findtext(f"{SHEET}v")) if plain else "".join(cell.itertext()))
    return line


def check(browser, name, asked, expected):
    """All three say the same as the reference: {first value: {column: value}}."""
    first, *columns = REPORTS[name].columns
    as_read = {
        shown(first.kind, key): {one.name: shown(one.kind, row[one.name]) for one in columns}
        for key, row in expected.items()
    }
    assert on_the_page(browser, name, asked) == as_read
    as_counted = {
        in_a_file(first.kind, key): [in_a_file(one.kind, row[one.name]) for one in columns]
        for key, row in expected.items()
    }
    lines = in_the_csv(browser, name, asked)
    assert {line[0]: line[1:] for line in lines} == {
        key: [str(value) for value in row] for key, row in as_counted.items()
    }
    assert {line[0]: line[1:] for line in in_the_workbook(browser, name, asked)} == as_counted


def test_queues(history, zone, sign_in, sara):
    check(sign_in(sara), "queues", query(history, zone), expected_queues(history, zone))


def test_messages_by_day(history, zone, sign_in, sara):
    names = ("received", "sent", "delivered", "read", "failed", "unknown")
    expected = {
        day: {name: sums[name] for name in names}
        | {
            "read_rate": figures.percent(sums["read"], sums["delivered"]),
            "failure_rate": figures.percent(sums["failed"], sums["failed"] + sums["sent"]),
        }
        for day, sums in expected_messages(history, zone).items()
    }
    check(sign_in(sara), "messages", query(history, zone), expected)


def test_messages_of_one_account_alone(history, zone, sign_in, sara):
    account = history.accounts[0]
    asked = query(history, zone, account=account.id)
    sums = within(reference.messages(history, zone), history, zone)[account.id]
    found = on_the_page(sign_in(sara), "accounts", asked)
    assert list(found) == [account.name]
    assert found[account.name]["received"] == str(sums["received"])


def test_agents_offers_and_first_replies(history, zone, sign_in, sara):
    first, last = days(history, zone)
    offers = within(reference.offers(history, zone), history, zone)
    replies = {}
    for (agent, day), times in reference.replies(history, zone).items():
        if first <= day <= last:
            replies.setdefault(agent, []).extend(times)
    lines = in_the_csv(sign_in(sara), "agents", query(history, zone))
    columns = [column.name for column in REPORTS["agents"].columns]
    found = {line[0]: dict(zip(columns, line, strict=True)) for line in lines}
    for agent in history.agents:
        row, sums = found[agent.name], offers.get(agent.id, Counter())
        assert (int(row["accepted"]), int(row["passed"]), int(row["missed"])) == (
            sums["offers_accepted"],
            sums["passed"],
            sums["missed"],
        )
        expected = round(reference.middle(replies[agent.id])) if agent.id in replies else ""
        assert row["reply"] == str(expected)


def test_time_in_each_state(history, zone, sign_in, sara):
    """Counted by the minute in the reference: each figure is at most that far off."""
    first, last = days(history, zone)
    last = first + timedelta(days=2)
    asked = query(history, zone) | {"last": last.isoformat()}
    start, end = (int(at.timestamp()) for at in periods.span(first, last, zone))
    lines = in_the_csv(sign_in(sara), "states", asked)
    words = {"available": "Available", "paused": "Paused", "offline": "Signed out"}
    for agent in history.agents:
        counted = Counter()
        for second in range(start, end, 60):
            if state := reference.state_at(history, agent.id, second):
                counted[words[state[0]], state[1] or ""] += 60
        found = {(line[1], line[2]): int(line[4]) for line in lines if line[0] == agent.name}
        for key in counted | found:
            assert abs(counted[key] - found.get(key, 0)) <= 60 * len(history.states)


def test_transfers_between_each_two(history, zone, sign_in, sara):
    first, last = days(history, zone)
    agents = {agent.id: agent.name for agent in history.agents} | {None: "Nobody"}
    queues = {queue.id: queue.name for queue in history.queues} | {None: "No queue"}
    expected = Counter(
        (agents[giver], agents[taker], queues[queue])
        for at, giver, taker, queue in reference.handed_over(history)
        if first <= reference.day(at, zone) <= last
    )
    browser, asked = sign_in(sara), query(history, zone)
    found = {tuple(line[:3]): int(line[3]) for line in in_the_csv(browser, "transfers", asked)}
    assert found == expected
    in_the_book = in_the_workbook(browser, "transfers", asked)
    assert {tuple(line[:3]): line[3] for line in in_the_book} == expected


def chosen(history, zone):
    """The outcomes of the days asked about, as the reference has them."""
    first, last = days(history, zone)
    return [
        one[1:]
        for one in reference.outcomes(history)
        if first <= reference.day(one[0], zone) <= last
    ]


def test_outcomes_by_level(history, zone, sign_in, sara):
    ended = [path for path, *_ in chosen(history, zone)]
    expected = {}
    for path in ended:
        for level in range(1, len(path) + 1):
            above = sum(one[: level - 1] == path[: level - 1] for one in ended)
            many = sum(one[:level] == path[:level] for one in ended)
            names = (*path[:level], "", "")[:3]
            expected[names] = [many, 100 * many / len(ended), 100 * many / above]
    without = ended.count(())
    share = 100 * without / len(ended)
    expected["Without outcome", "", ""] = [without, share, share]
    as_counted = {key: [n, round(s, 2), round(a, 2)] for key, (n, s, a) in expected.items()}

    browser, asked = sign_in(sara), query(history, zone)
    lines = in_the_csv(browser, "dispositions", asked)
    assert {tuple(line[:3]): line[3:] for line in lines} == {
        key: [str(value) for value in row] for key, row in as_counted.items()
    }
    book = in_the_workbook(browser, "dispositions", asked)
    assert {tuple(line[:3]): line[3:] for line in book} == as_counted
    page = browser.get("/reports/dispositions", query_string=asked).text
    assert f">{without}</a>" in page and "Without outcome" in page


@pytest.mark.parametrize("kind", ["queue", "agent", "account"])
def test_outcomes_of_each_queue_agent_and_account(history, zone, sign_in, sara, kind):
    rows = {"queue": history.queues, "agent": history.agents, "account": history.accounts}[kind]
    named = {row.id: row.name for row in rows} | {None: NONE.get(kind)}
    place = ("account", "queue", "agent").index(kind) + 1
    counted = Counter((named[one[place]], " › ".join(one[0])) for one in chosen(history, zone))
    totals = Counter(named[one[place]] for one in chosen(history, zone))
    expected = {
        (name, path or "Without outcome"): [str(many), str(round(100 * many / totals[name], 2))]
        for (name, path), many in counted.items()
    }
    asked = query(history, zone)
    lines = in_the_csv(sign_in(sara), f"dispositions-by-{kind}", asked)
    assert {tuple(line[:2]): line[2:] for line in lines} == expected


def test_behind_an_outcome_stand_its_conversations(history, zone, sign_in, sara):
    browser, asked = sign_in(sara), query(history, zone)
    paths = [path for path, *_ in chosen(history, zone)]
    labels = dispositions.every(dispositions.tree())
    for which, label in [*labels.items(), ("none", None)]:
        page = browser.get(f"/reports/dispositions/{which}/conversations", query_string=asked).text
        path = label.path if label else ()
        many = sum((one[: len(path)] == path) if path else not one for one in paths)
        assert page.count('class="rowlink"') == many


def test_other_reports_of_one_outcome_alone(history, zone, sign_in, sara):
    browser = sign_in(sara)
    for label in dispositions.every(dispositions.tree()).values():
        asked = query(history, zone, disposition=label.id)
        closed = sum(path[: label.level] == label.path for path, *_ in chosen(history, zone))
        lines = in_the_csv(browser, "conversations", asked)
        column = [one.name for one in REPORTS["conversations"].columns].index("closed")
        assert sum(int(line[column]) for line in lines) == closed


def test_the_share_abandoned_of_those_who_waited(history, zone, app):
    first, last = days(history, zone)
    ends = Counter(
        how
        for at, queue, _, how in reference.waits(history)
        if queue and first <= reference.day(at, zone) <= last
    )
    waited = ends["accepted"] + ends["timed_out"] + ends["abandoned"]
    choice = choosing.read(query(history, zone), utcnow())
    tiles = {tile.label: tile.value for tile in overview.Overview(choice).tiles()}
    assert tiles["Abandoned"] == pytest.approx(100 * ends["abandoned"] / waited)


def test_the_first_page_says_the_same_beside_the_period_before(history, zone, app):
    choice = choosing.read(query(history, zone), utcnow())
    tiles = {tile.label: tile for tile in overview.Overview(choice).tiles()}
    for value, wanted in (("value", choice), ("before", choice.before)):
        received = sum(
            message.direction == "in"
            and wanted.first <= reference.day(message.at, zone) <= wanted.last
            for message in history.messages
        )
        assert getattr(tiles["Messages received"], value) == received
        begun = sum(
            wanted.first <= reference.day(talk.steps[0].at, zone) <= wanted.last
            for talk in history.conversations
        )
        assert getattr(tiles["Conversations"], value) == begun
