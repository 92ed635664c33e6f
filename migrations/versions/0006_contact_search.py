"""Contacts are found by company, email and field values too; who never wrote stands last."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The space in front lets the beginning of the first word be found like that of any other.
CONTACT = (
    "(' ' || name || ' ' || profile_name || ' ' || coalesce(username, '')"
    " || ' ' || coalesce(phone, '') || ' ' || company || ' ' || email)"
)
LISTED = "merged_into_id IS NULL AND erased_at IS NULL"
NEVER = {
    "postgresql": "'1900-01-01 00:00:00+00'::timestamptz",
    "sqlite": "'1900-01-01 00:00:00.000000'",
}


def upgrade():
    dialect = op.get_bind().dialect.name
    op.execute("DROP INDEX ix_contacts_by_last_contact")
    op.execute(
        "CREATE INDEX ix_contacts_search_last_contact ON contacts "
        f"(coalesce(last_contact_at, {NEVER[dialect]}), id) WHERE {LISTED}"
    )
    if dialect == "postgresql":
        _upgrade_postgresql()
        return
    for statement in SQLITE:
        op.execute(statement)


def _upgrade_postgresql():
    op.execute("DROP INDEX IF EXISTS ix_contacts_search")
    found = "SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'"
    if op.get_bind().scalar(sa.text(found)) is None:  # 0002 says why
        return
    op.execute(f"CREATE INDEX ix_contacts_search ON contacts USING gin ({CONTACT} gin_trgm_ops)")
    # How many contacts a few letters stand for decides whether to look them up here or to walk
    # along the list's order: a hundred samples of a million are too few to tell.
    op.execute("ALTER INDEX ix_contacts_search ALTER COLUMN 1 SET STATISTICS 1000")


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")


COLUMNS = "name, profile_name, username, phone, company, email, fields"
NEW, OLD = (
    ", ".join(f"{row}.{column.strip()}" for column in COLUMNS.split(",")) for row in ("new", "old")
)
FORGET = f"""INSERT INTO contact_search(contact_search, rowid, {COLUMNS})
    VALUES ('delete', old.id, {OLD});"""
LEARN = f"INSERT INTO contact_search(rowid, {COLUMNS}) VALUES (new.id, {NEW});"

SQLITE = (
    "DROP TRIGGER contacts_search_insert",
    "DROP TRIGGER contacts_search_update",
    "DROP TRIGGER contacts_search_delete",
    "DROP TABLE contact_search",
    f"""CREATE VIRTUAL TABLE contact_search USING fts5(
        {COLUMNS}, content='contacts', content_rowid='id', tokenize='trigram')""",
    f"INSERT INTO contact_search(rowid, {COLUMNS}) SELECT id, {COLUMNS} FROM contacts",
    f"""CREATE TRIGGER contacts_search_insert AFTER INSERT ON contacts BEGIN
        {LEARN} END""",
    f"""CREATE TRIGGER contacts_search_update AFTER UPDATE OF {COLUMNS} ON contacts BEGIN
        {FORGET} {LEARN} END""",
    f"""CREATE TRIGGER contacts_search_delete AFTER DELETE ON contacts BEGIN
        {FORGET} END""",
)
