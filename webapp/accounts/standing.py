"""How an account stands, from what is known of it: a word for lists, a sentence for alerts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from webapp.alerting.raising import Trouble, of_account
from webapp.columns import utcnow

EXPIRES_SOON, EXPIRES_NOW = timedelta(days=14), timedelta(days=3)
REJECTED_SERIES = timedelta(minutes=15)  # refused webhooks further apart are another series
STOPPED, UNWELL = "account_stopped", "account_unwell"


@dataclass(frozen=True, slots=True)
class State:
    """How an account stands in a word or two; `tone` is ok, warn, bad or off."""

    tone: str
    words: str
    until: datetime | None = None


def state_of(account, drain, row):
    """The worst that is known of the account, from its rows (either may be missing)."""
    now = utcnow()
    if not account.enabled or account.archived_at:
        return State("off", "Off")
    if row and row.stopped_at:
        return State("bad", "Cannot send")
    if row and row.well is False:
        return State("bad", "Not in order")
    if drain and drain.paused_until and drain.paused_until > now:
        return State("warn", "Slowed down", drain.paused_until)
    if row and row.rejected_at and row.rejected_at > now - REJECTED_SERIES:
        return State("warn", "Signatures rejected")
    expires_at = expiry_of(row.facts) if row else None
    if expires_at and expires_at < now + EXPIRES_SOON:
        return State("warn", "Token expires", expires_at)
    return State("ok", "In order") if row and row.well else State("off", "Not checked yet")


def expiry_of(facts):
    """When the account's token runs out, if its provider said so."""
    try:
        until = datetime.fromisoformat((facts or {}).get("token_expires_at") or "")
    except (TypeError, ValueError):  # whatever the provider put there
        return None
    return until if until.tzinfo else until.replace(tzinfo=UTC)


def trouble_of(kind, account, row):
    """What is wrong in this way with the account as it stands, or None."""
    if not account.enabled or account.archived_at:
        return None
    if kind == STOPPED:
        return _refused(account, row) if row.stopped_at else None
    return _unwell(account, row) if row.well is False and not row.stopped_at else None


def _refused(account, row):
    return Trouble(
        of_account(account.id),
        f"{account.name} cannot send: {row.stop_reason}",
        "What your team writes waits and goes out by itself once this is mended.",
        _mends(row) or "Replace the credentials on the account's page, then press Test connection.",
        "critical",
        account.id,
    )


def _unwell(account, row):
    lines = row.lines or ()
    wrong = [line["message"] for line in lines if line["ok"] is False]
    wrong = wrong or [line["message"] for line in lines if line["ok"] is None]
    return Trouble(
        of_account(account.id),
        f"{account.name} is not in order",
        "\n".join(wrong),
        _mends(row),
        "critical",
        account.id,
    )


def _mends(row):
    return " ".join(
        dict.fromkeys(
            line["action"] for line in row.lines or () if line["ok"] is False and line["action"]
        )
    )
