"""The reports by local day: conversations and messages; and the messages of an hour of the day."""

from functools import partial

from webapp.analytics import figures, periods
from webapp.reports import counting, names
from webapp.reports.spec import Column, Kind, Report

CONVERSATIONS = ("begun", "accepted", "timed_out", "abandoned", "replied", "closed", "expired")
ASKED = (
    (figures.BEGUN, ("begun",)),
    (
        figures.ENDED,
        (
            *("accepted", "accepted_in_time", "timed_out", "abandoned", "abandoned_waiting"),
            *("closed", "expired", "handled", "wait_seconds", "handle_seconds"),
        ),
    ),
    (figures.REPLIED, ("replied", "reply_seconds")),
)
MESSAGES = ("received", "sent", "delivered", "read", "failed", "unknown")


def conversation_rows(choice, _now):
    parts = [_daily(facts, choice, names) for facts, names in ASKED]
    for day in periods.days(choice.first, choice.last):
        sums = figures.add(*(part.get(day, {}) for part in parts))
        yield {
            "day": day,
            **{name: sums.get(name, 0) for name in CONVERSATIONS},
            "wait": figures.average(sums, "wait"),
            "reply": figures.average(sums, "reply"),
            "handle": figures.average(sums, "handle"),
            "service_level": figures.service_level(sums),
        }


def message_rows(choice, _now):
    found = _daily(figures.WRITTEN, choice)
    for day in periods.days(choice.first, choice.last):
        yield {"day": day} | _messages(found.get(day, {}))


def account_rows(choice, _now):
    found = counting.count(figures.WRITTEN, choice, by=("account",))
    called = names.of("account", [account_id for (account_id,) in found])
    made = [
        {"account": called[account_id], "id": account_id} | _messages(sums)
        for (account_id,), sums in found.items()
    ]
    return sorted(made, key=lambda row: (-row["received"] - row["sent"], row["account"]))


def template_rows(choice, _now):
    found = counting.count(figures.WRITTEN, choice, by=("template",))
    found.pop((None,), None)
    called = names.of("template", [template_id for (template_id,) in found])
    made = [
        {"template": called[template_id], "id": template_id} | _messages(sums)
        for (template_id,), sums in found.items()
    ]
    return sorted(made, key=lambda row: (-row["sent"], row["template"]))


def by_hour(sliced, zone):
    """{hour of the day: sums} of what was counted in slices of the whole period."""
    folded = periods.fold(sliced, lambda second: periods.hour_of(second, zone).hour)
    return {hour: sums for (hour,), sums in folded.items()}


def _daily(facts, choice, names=None):
    sliced = counting.count(facts, choice, step=periods.SLICE, names=names)
    folded = periods.fold(sliced, partial(periods.day_of, zone=choice.zone))
    return {day: sums for (day,), sums in folded.items()}


def _messages(sums):
    counted = {name: sums.get(name, 0) for name in MESSAGES}
    return counted | {
        "read_rate": figures.percent(counted["read"], counted["delivered"]),
        "failure_rate": figures.failure_rate(sums),
    }


_MESSAGE_COLUMNS = (
    Column("received", "Received"),
    Column("sent", "Sent"),
    Column("delivered", "Delivered"),
    Column("read", "Read"),
    Column("failed", "Failed"),
    Column("unknown", "Unknown"),
    Column("read_rate", "Read of delivered", Kind.PERCENT),
    Column("failure_rate", "Failed of sent", Kind.PERCENT),
)
INTERACTIONS = Report(
    "conversations",
    "Conversations",
    "By the day on which each thing happened. Durations are averages.",
    (
        Column("day", "Day", Kind.DAY),
        Column("begun", "Begun"),
        Column("accepted", "Accepted"),
        Column("timed_out", "Timed out"),
        Column("abandoned", "Abandoned"),
        Column("replied", "First replies"),
        Column("closed", "Closed"),
        Column("expired", "Closed by time"),
        Column("wait", "Wait", Kind.SECONDS),
        Column("reply", "First reply", Kind.SECONDS),
        Column("handle", "Handled", Kind.SECONDS),
        Column("service_level", "In time", Kind.PERCENT),
    ),
    conversation_rows,
    chart=("begun", "closed", "abandoned"),
)
MESSAGE_REPORT = Report(
    "messages",
    "Messages",
    "What customers wrote and what was sent to them in conversations, by day.",
    (Column("day", "Day", Kind.DAY), *_MESSAGE_COLUMNS),
    message_rows,
    chart=("received", "sent", "failed"),
)
ACCOUNT_REPORT = Report(
    "accounts",
    "Accounts",
    "Messages of each WhatsApp account.",
    (Column("account", "Account", Kind.TEXT), *_MESSAGE_COLUMNS),
    account_rows,
)
TEMPLATE_REPORT = Report(
    "templates",
    "Templates",
    "Templates that people sent in conversations. What campaigns sent is counted under Campaigns.",
    (Column("template", "Template", Kind.TEXT), *_MESSAGE_COLUMNS[1:]),
    template_rows,
    "Nobody sent a template in this period.",
)
