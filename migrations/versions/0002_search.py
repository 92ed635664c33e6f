"""Full-text search over messages and customers, in the database's own way."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MESSAGE = "to_tsvector('simple', text)"
CONTACT = (
    "(name || ' ' || profile_name || ' ' || coalesce(username, '') || ' ' || coalesce(phone, ''))"
)


def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgresql()
    else:
        for statement in SQLITE:
            op.execute(statement)


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_messages_search")
        op.execute("DROP INDEX IF EXISTS ix_contacts_search")
        return
    for table in ("messages", "contacts"):
        for moment in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER {table}_search_{moment}")
    op.execute("DROP TABLE message_search")
    op.execute("DROP TABLE contact_search")


def _upgrade_postgresql():
    op.execute(f"CREATE INDEX ix_messages_search ON messages USING gin ({MESSAGE})")
    if _have_trigrams():
        op.execute(
            f"CREATE INDEX ix_contacts_search ON contacts USING gin ({CONTACT} gin_trgm_ops)"
        )


def _have_trigrams():
    """Where the extension can't be had, names are found by reading them all: slower, not wrong."""
    bind = op.get_bind()
    offered = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
    if bind.scalar(sa.text(offered)) is None:
        return False
    try:
        with bind.begin_nested():
            bind.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except sa.exc.DBAPIError:
        return False
    return True


CONTACT_COLUMNS = "name, profile_name, username, phone"
NEW = "new.name, new.profile_name, new.username, new.phone"
OLD = "old.name, old.profile_name, old.username, old.phone"

# The tables hold only the index; the text stays where it is, and triggers keep both in step.
SQLITE = (
    """CREATE VIRTUAL TABLE message_search USING fts5(
        text, content='messages', content_rowid='id',
        tokenize='unicode61 remove_diacritics 2', prefix='2 3')""",
    f"""CREATE VIRTUAL TABLE contact_search USING fts5(
        {CONTACT_COLUMNS}, content='contacts', content_rowid='id', tokenize='trigram')""",
    "INSERT INTO message_search(rowid, text) SELECT id, text FROM messages",
    f"""INSERT INTO contact_search(rowid, {CONTACT_COLUMNS})
        SELECT id, {CONTACT_COLUMNS} FROM contacts""",
    """CREATE TRIGGER messages_search_insert AFTER INSERT ON messages BEGIN
        INSERT INTO message_search(rowid, text) VALUES (new.id, new.text); END""",
    """CREATE TRIGGER messages_search_update AFTER UPDATE OF text ON messages
        WHEN old.text IS NOT new.text BEGIN
        INSERT INTO message_search(message_search, rowid, text)
            VALUES ('delete', old.id, old.text);
        INSERT INTO message_search(rowid, text) VALUES (new.id, new.text); END""",
    """CREATE TRIGGER messages_search_delete AFTER DELETE ON messages BEGIN
        INSERT INTO message_search(message_search, rowid, text)
            VALUES ('delete', old.id, old.text); END""",
    f"""CREATE TRIGGER contacts_search_insert AFTER INSERT ON contacts BEGIN
        INSERT INTO contact_search(rowid, {CONTACT_COLUMNS}) VALUES (new.id, {NEW}); END""",
    f"""CREATE TRIGGER contacts_search_update
        AFTER UPDATE OF {CONTACT_COLUMNS} ON contacts BEGIN
        INSERT INTO contact_search(contact_search, rowid, {CONTACT_COLUMNS})
            VALUES ('delete', old.id, {OLD});
        INSERT INTO contact_search(rowid, {CONTACT_COLUMNS}) VALUES (new.id, {NEW}); END""",
    f"""CREATE TRIGGER contacts_search_delete AFTER DELETE ON contacts BEGIN
        INSERT INTO contact_search(contact_search, rowid, {CONTACT_COLUMNS})
            VALUES ('delete', old.id, {OLD}); END""",
)
