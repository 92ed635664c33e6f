"""Moves all times of a database that rests, instead of waiting for hours."""

from sqlalchemy import bindparam, select, update

from webapp.accounts.models import Account, AccountHealth
from webapp.columns import UtcDateTime
from webapp.inbox.models import Attempt, Interaction, Message, Receipt
from webapp.webhooks.models import WebhookPayload

TABLES = (Account, AccountHealth, Interaction, Message, Attempt, Receipt, WebhookPayload)


def grow_older(engine, age):
    """As if everything had happened so much earlier."""
    with engine.begin() as connection:
        for table in (model.__table__ for model in TABLES):
            [key] = table.primary_key
            times = [column for column in table.c if isinstance(column.type, UtcDateTime)]
            moved = [
                {"row": row[key], **{f"new_{at.name}": _earlier(row[at], age) for at in times}}
                for row in connection.execute(select(key, *times)).mappings()
            ]
            values = {at: bindparam(f"new_{at.name}") for at in times}
            if moved:
                connection.execute(
                    update(table).where(key == bindparam("row")).values(values), moved
                )


def _earlier(moment, age):
    return moment and moment - age
