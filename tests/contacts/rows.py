"""Every row of the database, to compare what stood before with what stands after."""

from sqlalchemy import select

from webapp.extensions import db

# History, which only grows.
HISTORY = {
    "audit_entries", "contact_merges", "interaction_events", "interaction_phases", "offers",
    "duplicate_pairs",
}  # fmt: skip


def everything(but=frozenset()):
    """{table: sorted rows as text}"""
    db.session.rollback()
    found = {}
    for table in db.metadata.sorted_tables:
        if table.name not in but:
            rows = db.session.execute(select(table)).mappings()
            found[table.name] = sorted(str(sorted(row.items(), key=lambda i: i[0])) for row in rows)
    db.session.rollback()
    return found
