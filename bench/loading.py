"""A campaign to a million contacts: the live count, loading it from its lists, loading it again.

The audience is two lists that share a tenth of their members, a black list, two messages, one of
them in three languages, with a value that some lack, people who opted out, and an earlier campaign
within the quiet days. In the end the rows have to be those that were counted, and loading again
may make none.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from sqlalchemy import create_engine, text

from bench.filling import SERIES
from bench.servers import stack
from tests import factories
from tests.inbox.templates import make_template
from webapp.campaigns.models import CampaignVariant
from webapp.campaigns.settings.rules import Rules, change
from webapp.contacts.models import CustomField
from webapp.unit_of_work import unit_of_work

ROOT = Path(__file__).resolve().parents[1]
TARGET_SECONDS, TARGET_MB, TARGET_COUNT = 60, 200, 2
GREETING = [{"type": "BODY", "text": "Hello {{1}}, your {{2}} is due."}]
MAPPING = {
    "body 1": {"from": "contact", "key": "first_name", "fallback": "there"},
    "body 2": {"from": "field", "key": "1"},
}
# The first list has nine tenths of the contacts, the second the last two; the third none may get.
FILL = (
    """INSERT INTO contacts (id, name, first_name, profile_name, phone, company, email, language,
        consent, fields, created_at)
    SELECT n, 'Customer ' || n, 'Customer', '', {number}, '', '',
        CASE WHEN n % 7 = 0 THEN 'pt_BR' WHEN n % 3 = 0 THEN 'de' ELSE 'en' END,
        CASE WHEN n % 50 = 0 THEN 'out' WHEN n % 2 = 0 THEN 'in' ELSE 'none' END,
        {fields}, {now} FROM ({series}) AS series""",
    """INSERT INTO contact_identities (contact_id, scope, kind, value, match_key, created_at)
    SELECT n, '', 'wa_id', {number}, 'tel:' || {number}, {now} FROM ({series}) AS series""",
    """INSERT INTO contact_list_members (contact_list_id, contact_id)
    SELECT 1, n FROM ({series}) AS series WHERE n <= :count * 9 / 10""",
    """INSERT INTO contact_list_members (contact_list_id, contact_id)
    SELECT 2, n FROM ({series}) AS series WHERE n > :count * 8 / 10""",
    """INSERT INTO contact_list_members (contact_list_id, contact_id)
    SELECT 3, n FROM ({series}) AS series WHERE n % 100 = 3""",
    """INSERT INTO recipients (campaign_id, contact_id, template_id, zone, state, state_at, sent_at,
        tries) SELECT 1, n, 1, 'UTC', 'sent', {now}, {now}, 1
    FROM ({series}) AS series WHERE n % 20 = 1""",
)
NUMBER = """CASE n % 4 WHEN 0 THEN '4915' WHEN 1 THEN '5511' WHEN 2 THEN '1212' ELSE '35191' END
    || (10000000 + n)"""
PRODUCT = """CASE WHEN n % 40 = 7 THEN '{}' ELSE '{"1": "HP-' || n || '"}' END"""
FIELDS = {"postgresql": f"CAST({PRODUCT} AS jsonb)", "sqlite": PRODUCT}
NOW = {"postgresql": "now()", "sqlite": "strftime('%Y-%m-%d %H:%M:%S', 'now') || '.000000'"}


def main():
    options = _options()
    with stack(options.database) as servers:
        fill(servers.app(), options.size)
        return 0 if report(options, in_worker(servers)) else 1


def _options():
    parser = argparse.ArgumentParser(prog="bench/load", description=__doc__)
    parser.add_argument("--database", default="postgresql", choices=["postgresql", "sqlite"])
    parser.add_argument("--size", type=int, default=1_000_000, help="contacts")
    return parser.parse_args()


def fill(app, size):
    with app.app_context():
        admin = factories.make_user("Admin", role="admin")
        with unit_of_work():
            change(Rules(second_person_above=None), admin)
        account = factories.make_meta_account()
        for n in range(3):
            factories.make_list(f"List {n + 1}")
        offer = make_template("winter_offer", GREETING, account=account, category="marketing")
        for language in ("de", "pt"):
            make_template(
                "winter_offer", GREETING, account=account, language=language, category="marketing"
            )
        make_template("winter_visit", GREETING, account=account, category="marketing")
        factories.save(CustomField(id=1, name="Product", kind="text"))
        factories.make_campaign(account, "Earlier", offer)
        made = factories.make_campaign(
            account,
            "Winter service check",
            offer,
            state="running",
            load_after_id=0,
            audience={
                "list_ids": [1, 2],
                "exclude_list_ids": [3],
                "quiet_days": 7,
                "skip_open": True,
                "once": "first",
            },
        )
        factories.change(made.variants[0], percent=60, mapping=MAPPING)
        factories.save(
            CampaignVariant(
                campaign_id=made.id,
                position=1,
                template_name="winter_visit",
                language="en",
                percent=40,
                mapping=MAPPING,
            )
        )
    # A connection of its own: the application's end statements that take this long.
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    name = engine.dialect.name
    words = {"series": SERIES[name], "fields": FIELDS[name], "now": NOW[name], "number": NUMBER}
    with engine.begin() as connection:
        for statement in FILL:
            connection.execute(text(statement.format(**words)), {"count": size})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def in_worker(servers):
    """In a process of its own, so that its memory is that of the loading alone."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.loading_worker"],
        cwd=ROOT,
        env=servers.environ,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"loading ended with {done.returncode}")
    return json.loads(done.stdout)


def report(options, result):
    counts = " / ".join(f"{seconds:.2f}" for seconds in result["counts"])
    print(f"{options.database}, {options.size:,} contacts, {result['members']:,} members")
    print(f"counted in {counts} s (target: {TARGET_COUNT}): {result['going']:,} get it; ", end="")
    print(", ".join(f"{many:,} {reason}" for reason, many in result["left_out"]))
    print(f"a contact of it for the preview: {result['sample'] * 1000:.0f} ms")
    print(
        f"loaded in {result['loaded']:.1f} s, {result['rows'] / result['loaded']:,.0f} rows/s ",
        end="",
    )
    print(f"(target: {TARGET_SECONDS} s), the longest chunk {result['longest']:.2f} s; ", end="")
    print(f"loaded again in {result['again']:.1f} s")
    print(f"memory {result['memory']:.0f} MB, {result['before']:.0f} before (target: {TARGET_MB})")
    print(f"rows as counted: {result['as_counted']}; the ledger balances: {result['balances']}")
    sys.stdout.flush()
    fast = options.database != "postgresql" or result["loaded"] < TARGET_SECONDS
    whole = result["as_counted"] and result["balances"]
    return fast and whole and result["memory"] < TARGET_MB


if __name__ == "__main__":
    sys.exit(main())
