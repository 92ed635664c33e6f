"""Runs the revisions in `versions/` on the application's own engine."""

from alembic import context
from flask import current_app
from sqlalchemy.types import TypeDecorator

db = current_app.extensions["migrate"].db


def render_item(kind, item, _autogen):
    """A revision names the database's types, so that it outlives our own classes."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


def include_name(name, kind, _parents):
    """Search keeps tables of its own on SQLite and indexes on PostgreSQL; no model knows them."""
    return not (kind in ("table", "index") and name and "_search" in name)


def run():
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            include_name=include_name,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
