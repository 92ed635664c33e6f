"""Campaigns ready to be sent: an installation, its accounts and recipients, and their provider."""

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from bench.filling import SERIES
from bench.servers import stack
from tests import factories
from tests.inbox.templates import make_template
from tests.support.raw_server import self_signed
from webapp.accounts.models import AccountHealth
from webapp.campaigns import running
from webapp.campaigns.models import Campaign
from webapp.campaigns.settings.rules import Rules, change
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

ROOT = Path(__file__).resolve().parents[1]
LATENCY = 0.15
GREETING = [{"type": "BODY", "text": "Hello {{1}}, your winter service is due."}]
MAPPING = {"body 1": {"from": "contact", "key": "first_name", "fallback": "there"}}
FILL = (
    """INSERT INTO contacts (id, name, first_name, profile_name, phone, company, email, language,
        consent, fields, created_at)
    SELECT n, 'Ann ' || n, 'Ann', '', CAST(4915000000000 + n AS text), '', '', 'en', 'in',
        CAST('{{}}' AS jsonb), now() FROM ({series}) AS series""",
    """INSERT INTO contact_identities (contact_id, scope, kind, value, match_key, created_at)
    SELECT n, '', 'wa_id', CAST(4915000000000 + n AS text),
        'tel:' || CAST(4915000000000 + n AS text), now() FROM ({series}) AS series""",
    """INSERT INTO contact_list_members (contact_list_id, contact_id)
    SELECT n % :lists + 1, n FROM ({series}) AS series""",
    "SELECT setval(pg_get_serial_sequence('contacts', 'id'), :count)",
)
# As loading would leave them: how long that takes is bench/load's business.
LOADED = (
    """INSERT INTO recipients (campaign_id, contact_id, variant_id, template_id, zone, state,
        state_at, tries)
    SELECT :campaign, contact_id, :variant, :template, 'Europe/Berlin', 'queued', now(), 0
    FROM contact_list_members WHERE contact_list_id = :list""",
    """INSERT INTO campaign_counts (campaign_id, variant_id, name, shard, count)
    SELECT :campaign, :variant, 'queued', 0, count(*)
    FROM contact_list_members WHERE contact_list_id = :list""",
    "UPDATE campaigns SET loaded_at = now() WHERE id = :campaign",
)


@dataclass(frozen=True)
class Run:
    """What one mode is made of."""

    accounts: int = 1
    senders: int = 1
    pace: int | None = None  # messages a minute, of each campaign
    batch: int = 0  # receipts in a request; 0: none come
    inbound: int = 0  # messages a second
    tls: bool = False
    seconds: float = 0  # 0: until everybody has it


@contextmanager
def campaigns(run, size):
    """An installation with campaigns loaded, its provider running, nothing sent yet."""
    with stack("postgresql") as servers:
        certificate = self_signed(servers.folder) if run.tls else None
        paths = _fill(servers.app(), run, size)
        with _provider(run, servers.port, paths, certificate) as provider:
            scheme = "https" if run.tls else "http"
            servers.environ["META_API_URL"] = f"{scheme}://127.0.0.1:{provider.port}"
            servers.environ["BENCH_CERTIFICATE"] = str(certificate)
            yield servers, provider


def _fill(app, run, size):
    """{number id: path of its webhook}"""
    with app.app_context():
        admin = factories.make_user("Admin", role="admin")
        queue = factories.make_queue()
        with unit_of_work():
            change(Rules(second_person_above=None, headroom_percent=0), admin)
        accounts = [_account(queue, n) for n in range(run.accounts)]
        lists = [factories.make_list(f"List {n + 1}") for n in range(run.accounts)]
        template = make_template("winter_service", GREETING, account=accounts[0])
        _fill_contacts(app, size, run.accounts)
        for account, members in zip(accounts, lists, strict=True):
            _launch(app, account, members, template, run.pace, admin)
        _write(app, "ANALYZE")
        return {account.phone_number_id: account.webhook_path for account in accounts}


def _account(queue, n):
    number = {"phone": f"1555010{n:04d}", "phone_number_id": str(105555020088002 + n)}
    account = factories.make_meta_account(queue, key=f"B{n}", name=f"Number {n}", **number)
    facts = {"throughput": "HIGH", "messaging_limit": "TIER_UNLIMITED"}
    factories.save(AccountHealth(account_id=account.id, facts=facts))
    return account


def _fill_contacts(app, size, lists):
    words = {"series": SERIES["postgresql"]}
    _write(app, *(one.format(**words) for one in FILL), "ANALYZE", count=size, lists=lists)


def _write(app, *statements, **values):
    """Over a connection of its own: the application's end statements that take this long."""
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement), values)
    engine.dispose()


def _launch(app, account, members, template, pace, admin):
    campaign = factories.make_campaign(
        account,
        f"Winter from {account.name}",
        template,
        audience={"list_ids": [members.id], "once": "first"},
        pace=pace,
        stop_rules={},
    )
    factories.change(campaign.variants[0], mapping=MAPPING)
    with unit_of_work():
        running.launch(db.session.get(Campaign, campaign.id), admin)
    variant = campaign.variants[0].id
    values = {"campaign": campaign.id, "variant": variant, "list": members.id}
    _write(app, *LOADED, template=template.id, **values)


@contextmanager
def _provider(run, port, paths, certificate):
    order = {
        "latency": LATENCY,
        "certificate": str(certificate) if certificate else None,
        "port": port,
        "paths": paths,
        "secret": factories.META_SECRET,
        "batch": run.batch,
        "receipts": bool(run.batch),
        "inbound": run.inbound,
    }
    command = [sys.executable, "-m", "bench.provider"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=ROOT, **pipes)
    try:
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        process.port = int(process.stdout.readline())
        yield process
    finally:
        process.kill()
