"""Sums of time that is over, and triggers that note what is changed of it afterwards.

Nothing is summed up here: the clock does that meanwhile, the newest first. What changes a row is
many things, a process of the release before among them, so the database itself keeps note.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
NUMBERS = (
    *("begun", "held", "waiting_begun", "accepted", "accepted_in_time", "timed_out", "abandoned"),
    *("abandoned_waiting", "closed", "expired", "handled", "handed_over", "waiting_ended"),
    *("replied", "replied_in_time", "offers_accepted", "passed", "missed"),
)
SECONDS = ("wait_seconds", "handle_seconds", "reply_seconds")
DURATIONS = ("waits", "handles", "replies")
MESSAGES = ("received", "sent", "delivered", "read", "failed", "unknown")


def upgrade():
    op.create_table(
        "summed_up",
        sa.Column("kind", sa.String(10), nullable=False),
        *_needed(sa.BigInteger(), "from_second", "until_second", "turn"),
        sa.PrimaryKeyConstraint("kind", name="pk_summed_up"),
    )
    op.create_table(
        "late_changes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        *_needed(sa.BigInteger(), "from_second", "until_second"),
        sa.PrimaryKeyConstraint("id", name="pk_late_changes"),
    )
    op.create_index("ix_late_changes_kind", "late_changes", ["kind", "until_second"])
    _sums(
        "phase_sums",
        *(sa.Column(name, BIG) for name in ("account_id", "queue_id", "agent_id")),
        *_needed(sa.Integer(), *NUMBERS),
        *_needed(sa.BigInteger(), *SECONDS),
        *(sa.Column(name, sa.Text()) for name in DURATIONS),
    )
    _sums(
        "message_sums",
        *_needed(BIG, "account_id"),
        sa.Column("template_id", BIG),
        *_needed(sa.Integer(), *MESSAGES),
    )
    _sums(
        "presence_sums",
        *_needed(BIG, "user_id"),
        *_needed(sa.Integer(), "available", "holding"),
        *_needed(sa.BigInteger(), "places"),
    )
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade():
    raise RuntimeError("migrations only go forward; restore the backup made before the upgrade")


def _needed(type_, *names):
    return [sa.Column(name, type_, nullable=False) for name in names]


def _sums(name, *columns):
    op.create_table(
        name,
        sa.Column("id", BIG, nullable=False),
        sa.Column("second", sa.BigInteger(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )
    op.create_index(f"ix_{name}_second", name, ["second"])


# An hour: what is younger is not summed up yet, and no transaction lasts as long.
NOW = {"postgresql": "now()", "sqlite": "strftime('%Y-%m-%d %H:%M:%S', 'now')"}
LATE = {
    "postgresql": "{} < now() - interval '1 hour'",
    "sqlite": "{} < strftime('%Y-%m-%d %H:%M:%S', 'now', '-1 hour')",
}
SECOND = {
    "postgresql": "CAST(floor(date_part('epoch', {})) AS bigint)",
    "sqlite": "CAST(strftime('%s', substr({}, 1, 19)) AS integer)",
}
OTHER = {"postgresql": "IS DISTINCT FROM", "sqlite": "IS NOT"}
EARLIER, LATER = (
    {"postgresql": name, "sqlite": sqlite}
    for name, sqlite in (("least", "min"), ("greatest", "max"))
)


def _triggers(dialect):
    for statements in (_messages, _offers, _agents, _phases, _queues):
        yield from statements(_Words(dialect))


class _Words:
    """The same in the words of each database."""

    def __init__(self, dialect):
        self.dialect = dialect
        self.now = NOW[dialect]

    def late(self, *moments):
        return " OR ".join(LATE[self.dialect].format(moment) for moment in moments)

    def second(self, moment):
        return SECOND[self.dialect].format(moment)

    def other(self, *names):
        """One of these columns is another than before."""
        return " OR ".join(f"old.{name} {OTHER[self.dialect]} new.{name}" for name in names)

    def earlier(self, one, another):
        return f"{EARLIER[self.dialect]}({one}, {another})"

    def later(self, one, another):
        return f"{LATER[self.dialect]}({one}, {another})"

    def note_moments(self, kind, *selects):
        """Each late one of the moments that these SELECTs give."""
        moments = " UNION ".join(selects)
        return f"""INSERT INTO late_changes (kind, from_second, until_second)
            SELECT '{kind}', {self.second("at")}, {self.second("at")} + 1
            FROM ({moments}) AS moments WHERE {self.late("at")};"""

    def note_spans(self, kind, *selects):
        """Each span that these SELECTs give of (begin, its end or NULL), if it begins late."""
        spans = " UNION ".join(selects)
        until = f"coalesce({self.second('until_at')}, {self.second(self.now)})"
        return f"""INSERT INTO late_changes (kind, from_second, until_second)
            SELECT '{kind}', {self.second("at")}, {until} + 1
            FROM ({spans}) AS spans WHERE {self.late("at")};"""

    def trigger(self, table, event, when, *body):
        """`event`: insert, delete, or update with its columns."""
        name, statements = f"{table}_late_{event.split()[0].lower()}", "\n".join(body)
        if self.dialect == "sqlite":
            yield f"""CREATE TRIGGER {name} AFTER {event} ON {table}
                WHEN {when} BEGIN {statements} END"""
            return
        yield f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN {statements} RETURN NULL; END $$"""
        yield f"""CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW
            WHEN ({when}) EXECUTE FUNCTION {name}()"""


def _messages(say):
    names = ("account_id", "template_id", "direction", "source", "kind", "status", "received_at")
    yield from _of_moment(say, "messages", "messages", "received_at", names)


def _offers(say):
    names = ("interaction_id", "queue_id", "user_id", "state", "ended_at")
    yield from _of_moment(say, "offers", "phases", "ended_at", names)


def _of_moment(say, table, kind, moment, names):
    """Rows that count at one moment, by these of their columns."""
    old, new = f"old.{moment}", f"new.{moment}"
    for event, row in (("INSERT", new), ("DELETE", old)):
        note = say.note_moments(kind, f"SELECT {row} AS at")
        yield from say.trigger(table, event, say.late(row), note)
    yield from say.trigger(
        table,
        f"UPDATE OF {', '.join(names)}",
        f"({say.late(old, new)}) AND ({say.other(*names)})",
        say.note_moments(kind, f"SELECT {old} AS at", f"SELECT {new}"),
    )


def _agents(say):
    """A state counts for as long as it lasts; what only ends otherwise, from the earlier end."""
    whole = "SELECT {0}.from_at AS at, {0}.to_at AS until_at"
    for event, row in (("INSERT", "new"), ("DELETE", "old")):
        note = say.note_spans("presence", whole.format(row))
        yield from say.trigger("agent_intervals", event, say.late(f"{row}.from_at"), note)
    moved = say.other("user_id", "state", "from_at")
    yield from say.trigger(
        "agent_intervals",
        "UPDATE OF user_id, state, from_at, to_at",
        f"({say.late('old.from_at', 'new.from_at')}) AND ({moved} OR {say.other('to_at')})",
        say.note_spans(
            "presence",
            f"{whole.format('old')} WHERE {moved}",
            f"{whole.format('new')} WHERE {moved}",
            _between_ends(say, f"NOT ({moved})"),
        ),
    )


def _between_ends(say, where):
    old, new = (f"coalesce({row}.to_at, {say.now})" for row in ("old", "new"))
    return f"""SELECT {say.earlier(old, new)}, {say.later(old, new)}
        WHERE {where} AND ({say.other("to_at")})"""


def _phases(say):
    """A phase counts where it begins, ends and is first answered; and while somebody has it."""
    moments = "SELECT {0}.from_at AS at UNION SELECT {0}.to_at UNION SELECT {0}.first_reply_at"
    span = "SELECT {0}.from_at AS at, {0}.to_at AS until_at WHERE {0}.phase = 'assigned'"
    for event, row in (("INSERT", "new"), ("DELETE", "old")):
        yield from say.trigger(
            "interaction_phases",
            event,
            say.late(f"{row}.from_at", f"{row}.first_reply_at"),
            say.note_moments("phases", moments.format(row)),
            say.note_spans("presence", span.format(row)),
        )
    begins = ("account_id", "queue_id", "owner_id", "phase", "opens", "from_at")
    ends = ("to_at", "outcome", "close_reason", "accepted_at")
    replies = ("first_reply_at", "first_reply_seconds")
    moved, ended, replied = (say.other(*names) for names in (begins, ends, replies))
    at = [f"{row}.{name}" for row in ("old", "new") for name in ("from_at", "first_reply_at")]
    yield from say.trigger(
        "interaction_phases",
        f"UPDATE OF {', '.join((*begins, *ends, *replies))}",
        f"({say.late(*at)}) AND ({moved} OR {ended} OR {replied})",
        say.note_moments(
            "phases",
            *(f"SELECT {row}.from_at AS at WHERE {moved}" for row in ("old", "new")),
            *(f"SELECT {row}.to_at WHERE {moved} OR {ended}" for row in ("old", "new")),
            *(f"SELECT {row}.first_reply_at WHERE {moved} OR {replied}" for row in ("old", "new")),
        ),
        say.note_spans(
            "presence",
            *(f"{span.format(row)} AND ({moved})" for row in ("old", "new")),
            _between_ends(say, f"new.phase = 'assigned' AND NOT ({moved})"),
        ),
    )


def _queues(say):
    """What is in time is judged by today's targets, all of the past too."""
    note = f"""INSERT INTO late_changes (kind, from_second, until_second)
        VALUES ('phases', 0, {say.second(say.now)});"""
    names = ("service_seconds", "reply_target")
    yield from say.trigger("queues", f"UPDATE OF {', '.join(names)}", say.other(*names), note)
    yield from say.trigger("queues", "DELETE", "true" if say.dialect == "postgresql" else "1", note)
