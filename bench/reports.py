"""A month's reports over a million conversations: each page and file, as the web process answers.

The rows are made by the database itself: each conversation waited and was handled, was offered
once and holds four messages; 50 agents in five queues changed their state every half an hour, day
and night. A campaign reached everybody once, and every tenth answer of an agent was a template.
Filling takes minutes: a database of your own (`--at`) or a folder (`--keep`) is filled the first
time, and kept for all runs of that day.
"""

import argparse
import contextvars
import sys
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import create_engine, select, text

from bench.filling import SERIES
from bench.servers import stack
from tests import factories
from webapp.analytics import summing
from webapp.campaigns.settings.models import MessageRate
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate
from webapp.reports.catalogue import REPORTS
from webapp.staff.models import User

TARGET_SECONDS = 5
LEADER = "sara@example.com"
AGENTS, QUEUES, DAYS = 50, 5, 31

AT = {
    "postgresql": "now() - make_interval(secs => {})",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', printf('-%.3f seconds', {})) || '000'",
}
STATEMENTS = (
    (1, "INSERT INTO contacts (id, name, profile_name, phone, created_at) "
        "SELECT n, 'Customer ' || n, '', '1444' || n, {began} FROM ({series}) AS series"),
    (1, """INSERT INTO interactions (
            id, account_id, contact_id, state, direction, owner_id, queue_id, step_position,
            priority, created_at, started_at, closed_at, close_reason, session_expires_at,
            contact_name, contact_phone, last_message_at, last_text, last_kind, last_direction,
            unread, left_unanswered)
        SELECT n, :account, n, 'closed', 'in', {agent}, {queue}, 1, 0, {began}, {began}, {closed},
            'agent', {closed}, 'Customer ' || n, '1444' || n, {closed}, '', 'text', 'in', 0, false
        FROM ({series}) AS series"""),
    (1, """INSERT INTO interaction_phases (
            interaction_id, phase, account_id, queue_id, from_at, to_at, outcome, opens, is_long)
        SELECT n, 'waiting', :account, {queue}, {began}, {taken},
            CASE WHEN n % 20 = 0 THEN 'timed_out' ELSE 'accepted' END, true, false
        FROM ({series}) AS series"""),
    (1, """INSERT INTO interaction_phases (
            interaction_id, phase, account_id, queue_id, owner_id, from_at, to_at, outcome,
            close_reason, accepted_at, first_reply_at, first_reply_seconds, opens, is_long)
        SELECT n, 'assigned', :account, {queue}, {agent}, {taken}, {closed}, 'closed', 'agent',
            {taken}, {replied}, n % 300, false, false FROM ({series}) AS series"""),
    (1, """INSERT INTO offers (
            interaction_id, queue_id, user_id, state, offered_at, expires_at, ended_at)
        SELECT n, {queue}, {agent}, 'accepted', {began}, {taken}, {taken}
        FROM ({series}) AS series"""),
    (4, """INSERT INTO messages (
            account_id, contact_id, interaction_id, direction, kind, source, text, status,
            author_id, template_id, written_at, received_at, processed_at, attempt_count)
        SELECT :account, {place}, {place}, CASE WHEN n % 2 = 1 THEN 'in' ELSE 'out' END, 'text',
            'live', 'Words', CASE WHEN n % 2 = 1 THEN 'received' ELSE 'read' END,
            CASE WHEN n % 2 = 0 THEN {agent} END, CASE WHEN n % 20 = 0 THEN {template} END,
            {written}, {written}, {written}, 0
        FROM ({series}) AS series"""),
    (1, """INSERT INTO recipients (
            id, campaign_id, contact_id, template_id, zone, state, state_at, tries, sent_at,
            delivered_at)
        SELECT n, :campaign, n, {template}, '', 'delivered', {taken}, 1, {began}, {taken}
        FROM ({series}) AS series"""),
    (1, """INSERT INTO campaign_attempts (
            recipient_id, number, started_at, finished_at, outcome, provider_id)
        SELECT n, 1, {began}, {began}, 'sent', 'wamid.' || n FROM ({series}) AS series"""),
)  # fmt: skip
MINUTES = """
INSERT INTO campaign_minutes (campaign_id, minute, shard, sent, failed, refused, read, replied)
SELECT :campaign, {minute}, 0, 20, 0, 0, 0, 0 FROM ({series}) AS series
"""
STATES = """
INSERT INTO agent_intervals (user_id, state, from_at, to_at)
SELECT {agent}, CASE WHEN n / :agents % 4 = 0 THEN 'paused' ELSE 'available' END, {from}, {to}
FROM ({series}) AS series
"""


def main():
    parser = argparse.ArgumentParser(prog="bench/reports", description=__doc__)
    parser.add_argument("--database", nargs="*", default=["postgresql"])
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at", metavar="URL", help="an empty database, or one this bench filled")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="of a PostgreSQL that is filled once, and stays"
    )
    parser.add_argument("--only", nargs="*", metavar="REPORT", help="these pages alone")
    options = parser.parse_args()
    slowest = [_measure(database, options) for database in options.database]
    return 0 if max(slowest) < TARGET_SECONDS else 1


def _measure(database, options):
    with stack(database, options.at, options.keep) as servers:
        app = servers.app()
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            if db.session.scalar(select(User.id).limit(1)) is None:
                _fill(app, database, options.conversations)
            _sum_up(database)
            browser = app.test_client()
            signing = {"email": LEADER, "password": factories.PASSWORD}
            _asked(browser.post, "/sign-in", data=signing)
            print(f"{database}, {options.conversations:,} conversations in {DAYS} days")
            pages = ["/reports", *(f"/reports/{name}" for name in (*REPORTS, "queues.xlsx"))]
            if options.only:
                pages = [page for page in pages if page.rpartition("/")[2] in options.only]
            return max(_time(browser, page, options.rounds) for page in pages)


def _sum_up(database):
    """What the clock does in the background, a minute at a time."""
    began, waiting = time.monotonic(), summing.pending()
    while summing.sweep():
        pass
    took = time.monotonic() - began
    print(f"{database}: {waiting:,} quarters of an hour summed up in {took:.0f} s", flush=True)


def _time(browser, path, rounds):
    took = []
    for _ in range(rounds):
        began = time.monotonic()
        answer = _asked(browser.get, f"{path}?period=month", buffered=True)
        took.append(time.monotonic() - began)
        assert answer.status_code == 200, path
    middle = sorted(took)[len(took) // 2]
    missed = "" if middle < TARGET_SECONDS else "   MISSED"
    print(f"  {path:28} {middle:6.2f} s   (target {TARGET_SECONDS} s){missed}", flush=True)
    return middle


def _asked(ask, *args, **options):
    """Each request in a context of its own, as on a server."""
    return contextvars.Context().run(ask, *args, **options)


def _fill(app, database, count):
    cast = factories.make_cast()
    agents = [factories.make_user(f"Agent {n}") for n in range(AGENTS)]
    queues = [factories.make_queue(f"Queue {n}", agents) for n in range(QUEUES)]
    ids = {"account": cast.account.id, "agents": AGENTS} | _campaign()
    places = {
        "series": SERIES[database],
        "agent": f"{agents[0].id} + n % {AGENTS}",
        "queue": f"{queues[0].id} + n % {QUEUES}",
        "template": "CASE WHEN n % 3 = 0 THEN :utility ELSE :marketing END",
    }
    db.session.commit()
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    with engine.begin() as connection:
        if database == "postgresql":  # as old rows, not as late changes: without their triggers
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for times, statement in STATEMENTS:
            moments = _moments(database, count, times)
            filled = statement.format(**places, **moments)
            connection.execute(text(filled), {**ids, "count": count * times})
        minute = {"minute": AT[database].format("n * 60.0")}
        counted = MINUTES.format(**places, **minute)
        connection.execute(text(counted), {**ids, "count": DAYS * 24 * 60})
        rows = AGENTS * DAYS * 24 * 2
        step = f"{DAYS * 86_400} - (n / {AGENTS}) * 1800.0"
        span = {"from": AT[database].format(step), "to": AT[database].format(f"{step} - 1800")}
        connection.execute(text(STATES.format(**places, **span)), {**ids, "count": rows})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if database == "postgresql" else "ANALYZE"))
    engine.dispose()


def _campaign():
    """A campaign, its templates and what messages cost, in the countries of a price table."""
    account = factories.make_account(provider="meta")
    words = {"name": "slots", "provider": "meta", "waba_id": "104", "account_id": account.id}
    templates = {
        category: factories.save(MessageTemplate(category=category, language=language, **words)).id
        for category, language in (("marketing", "en"), ("utility", "de"))
    }
    campaign = factories.make_campaign(account)
    since, prefixes = utcnow() - timedelta(days=400), [str(n) for n in range(20, 99)]
    for category in ("marketing", "utility", "utility_window"):
        price = {"category": category, "price": Decimal("0.01"), "valid_from": since}
        rows = {"US": ["1"], "Elsewhere": prefixes, "Toronto": ["1444"]}
        for region, some in rows.items():
            factories.save(MessageRate(provider="meta", region=region, prefixes=some, **price))
    return {"campaign": campaign.id, **templates}


def _moments(database, count, times):
    """Spread evenly over the month; each thing some seconds or minutes after the one before."""
    place = f"((n - 1) / {times} + 1)"
    began = f"({DAYS} * 86400.0 * (1 - {place} * 1.0 / {count + 1}) + 3600)"
    after = {
        "began": "0",
        "taken": "n % 120",
        "replied": "120 + n % 300",
        "closed": "300 + n % 900",
    }
    moments = {name: AT[database].format(f"{began} - ({more})") for name, more in after.items()}
    return moments | {"place": place, "written": AT[database].format(f"{began} - n % 900")}


if __name__ == "__main__":
    sys.exit(main())
