"""Rules of the code base that no single test would notice being broken."""

import ast
import importlib
from pathlib import Path

import pytest

from webapp.jobs import JOB_QUEUES, JOBS

ROOT = Path(__file__).parent.parent

# A file imports from its own rung or from below, never from above.
RUNGS = {
    0: (
        "config", "embedded", "opening_hours", "extensions", "columns", "database", "logs",
        "media_store", "providers", "unit_of_work", "apart",
    ),
    1: (
        "models", "media_models", "recontact_models", "access", "push", "jobs", "pages",
        "security", "access_points", "phone", "system", "words", "assets", "plan", "values",
        "metrics",
    ),
    3: (
        "routes", "media_routes", "sending_routes", "template_routes", "starting_routes",
        "recontact_routes", "life_routes", "payload_routes",
        "passport_routes", "bulk_routes", "contact_routes", "list_routes",
        "merge_routes", "duplicate_routes", "privacy_routes", "import_routes",
        "opt_out_routes", "sample_routes", "trying_routes", "recipient_routes", "header_routes",
        "rule_routes", "file_routes", "saved_filter_routes",
        "audience_routes", "message_routes", "schedule_routes", "review_routes",
        "rules_routes",
        "steering_routes", "tv_routes", "past_routes", "attempt_routes", "cost_routes",
        "disposition_routes",
        "socket", "errors", "front", "navigation", "request_ids",
    ),
    4: ("__init__", "commands", "demo", "supervisor"),
}  # fmt: skip
VERBS = 2


def rung(path):
    """Of a module's path below the project's root, e.g. webapp/inbox/sending.py."""
    parts = path.with_suffix("").parts
    if parts[0] in ("workers", "app"):
        return 4
    if parts == ("webapp", "__init__"):
        return 4
    if parts == ("webapp", "health"):  # accounts/health.py is a verb
        return 3
    names = [part for part in parts[1:] if part != "__init__"]
    for number, known in RUNGS.items():
        if names and (names[0] in known or names[-1] in known):
            return number
    return VERBS


def modules():
    return sorted(
        path.relative_to(ROOT)
        for folder in ("webapp", "workers")
        for path in (ROOT / folder).rglob("*.py")
    )


def imported(path):
    """Every project module a file imports, also inside functions; packages of features left out."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module.split(".")[0] in ("webapp", "workers", "app"):
                yield from _targets(node)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in ("webapp", "workers", "app"):
                    yield Path(*alias.name.split(".")).with_suffix(".py")


def _targets(node):
    base = Path(*node.module.split("."))
    for alias in node.names:
        inner = base / f"{alias.name}.py"
        if (ROOT / inner).exists():
            yield inner
        elif (ROOT / base / alias.name / "__init__.py").exists():
            yield base / alias.name / "__init__.py"
        elif (ROOT / base.with_suffix(".py")).exists():
            yield base.with_suffix(".py")
        elif (ROOT / base / "__init__.py").exists() and base != Path("webapp"):
            yield base / "__init__.py"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_a_file_imports_from_its_own_rung_or_below(path):
    for target in imported(path):
        assert rung(target) <= rung(path), f"{path} imports {target} from above"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_verbs_know_no_request(path):
    if rung(path) == VERBS:
        source = ast.parse((ROOT / path).read_text())
        names = {
            alias.name
            for node in ast.walk(source)
            if isinstance(node, ast.ImportFrom) and node.module in ("flask", "flask_login")
            for alias in node.names
        }
        forbidden = {"request", "session", "render_template", "current_user"}
        assert not names & forbidden, f"{path} knows {names & forbidden}"


@pytest.mark.parametrize("path", [p for p in modules() if p.parts[1] == "providers"], ids=str)
def test_providers_know_neither_flask_nor_database(path):
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found = [node.module]
        else:
            continue
        for name in found:
            top = name.split(".")[0]
            assert top not in ("flask", "sqlalchemy", "redis", "rq"), f"{path} imports {name}"
            assert top != "webapp" or name.startswith("webapp.providers"), f"{path}: {name}"


def test_every_route_says_who_may_call_it(migrated_app):
    silent = [
        rule.endpoint
        for rule in migrated_app.url_map.iter_rules()
        if rule.endpoint != "static"
        and not hasattr(migrated_app.view_functions[rule.endpoint], "access")
    ]
    assert silent == []


PUBLIC = {
    "campaign_headers.signed_header",
    "board.tv",
    "board.tv_now",
    "health.healthz",
    "health.readyz",
    "inbox.signed_file",
    "message_templates.signed_sample",
    "monitoring.metrics",
    "staff.sign_in",
    "webhooks.receive",
}


def test_nothing_is_public_that_need_not_be(migrated_app):
    public = {
        endpoint
        for endpoint, view in migrated_app.view_functions.items()
        if getattr(view, "access", None) == "public"
    }
    assert public == PUBLIC


@pytest.mark.parametrize("name", JOBS)
def test_every_job_exists_and_has_a_worker(name):
    module, _, function = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))
    assert JOBS[name] in JOB_QUEUES
    procfile = (ROOT / "Procfile").read_text()
    served = " ".join(line for line in procfile.splitlines() if "-m workers " in line)
    assert JOBS[name] in served.split()


def test_the_models_and_the_migrations_agree(app):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from webapp.extensions import db

    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = [
            change
            for change in compare_metadata(context, db.metadata)
            if "search" not in str(change) and "trgm" not in str(change)
        ]
    assert differences == []
