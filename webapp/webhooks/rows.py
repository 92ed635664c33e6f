"""What is kept of a webhook, and how keeping it can fail, whatever the database."""

from typing import NamedTuple

# Below the ten seconds a webhook waits: the writer gives up before the provider does.
TIMEOUT_SECONDS = 8
CONNECT_SECONDS = 5


class Row(NamedTuple):
    """One webhook as it is kept; the rest of it is the database's."""

    account_id: int
    body: bytes
    method: str = "POST"
    query: str = ""  # as it came, not decoded: a signature may cover it
    content_type: str = ""
    provider: str | None = None  # whose format it is, should the account move to another one
    only_receipts: bool = False


class Unreachable(Exception):
    """The database cannot be written to at the moment."""


class RowsRefused(Exception):
    """The database refused at least one of these rows; the others may be fine."""
