"""A year of a contact centre for the board: closed conversations, open ones, agents, queues.

The tables are filled side by side, without their indexes, keys and syncing: ten million closed
conversations take some minutes. A database filled before gets those that were closed since then,
and its open ones anew.
"""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, func, insert, select, text, update

from bench.filling import SERIES
from tests import factories
from webapp.accounts.models import Account
from webapp.analytics.models import InteractionPhase
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.queues.models import Offer, Queue
from webapp.staff.models import Presence, Role, SignIn, User
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import SystemMark

QUEUES, ACCOUNTS, CONTACTS = 5, 4, 20_000
LEADER = "sara@example.com"
YEAR = 365 * 86_400
WAITED, TOOK = 40, 640  # seconds from the beginning of a closed one to its accepting, and its end
OPEN_FROM = 1_000_000_000  # ids of the open ones: closed ones are added below
MANY = 100_000  # rows from which indexes are made afterwards
FILLED = "bench_filled"  # the mark that says since when, once all of it is there
UNSAFE = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_wal_size": "'8GB'"}

QUEUE, ACCOUNT = f":queue + n % {QUEUES}", f":account + n % {ACCOUNTS}"
AGENT = ":agent + n % :agents"
WAITS = "n % 10 = n / :agents % 10"  # one in ten, of each agent, queue and account alike
ASKS = "n % 3 = 0"  # the customer wrote last


def cast(viewers, agents):
    """People, queues and accounts; (first ids, sessions of the viewers)."""
    leader = select(User.id).where(User.email == LEADER)
    if db.session.scalar(leader) is None:
        _make_cast(agents)
    person = db.session.scalar(leader)
    tokens = [f"bench-{n}-{person}" for n in range(viewers)]
    with unit_of_work():
        db.session.execute(delete(SignIn))
        db.session.execute(update(User).values(presence=Presence.AVAILABLE, presence_at=utcnow()))
        for token in tokens:
            db.session.add(SignIn(token_hash=sha256(token.encode()).hexdigest(), user_id=person))
    first = {"queue": Queue.id, "account": Account.id}
    ids = {name: db.session.scalar(select(func.min(column))) for name, column in first.items()}
    agent = select(func.min(User.id)).where(User.role == Role.AGENT)
    return ids | {"agent": db.session.scalar(agent), "agents": agents}, tokens


def _make_cast(agents):
    """All are full: nothing rings, so that the clock has no other work for them."""
    crew = [
        factories.make_user(f"Agent {n}", email=f"agent{n}@example.com", capacity=40)
        for n in range(agents)
    ]
    queues = [factories.make_queue(f"Queue {n}", crew[n::2]) for n in range(QUEUES)]
    for n in range(ACCOUNTS):
        factories.make_account(queues[n])
    factories.make_user("Sara Supervisor", Role.SUPERVISOR, email=LEADER)


def fill(engine, closed, opened, ids):
    """Closed ones lie evenly over the year, the open ones began within the last hours."""
    now, step = utcnow().timestamp(), YEAR / closed
    with engine.begin() as connection:
        begin = _began(connection) or now - TOOK - YEAR
        made = connection.scalar(text("SELECT max(id) FROM interactions")) or 0
    values = {**ids, "begin": begin, "step": step, "now": now}
    missing = int((now - TOOK - begin) / step) - made
    with _quickly(engine, missing):
        _side_by_side(engine, CLOSED, {**values, "before": made, "count": missing})
        _side_by_side(engine, OPEN, {**values, "before": 0, "count": opened})
    with engine.begin() as connection:
        mark = {"name": FILLED, "value": str(begin), "at": utcnow()}
        connection.execute(insert(SystemMark), mark)
    with _alone(engine) as connection:
        connection.execute(text("VACUUM (ANALYZE)"))


def take_as_summed(engine):
    """As if clock had been through all of it, for half an hour after the release that brought sums:
    a board reads none of them.
    """
    kept = (
        "DELETE FROM late_changes",
        "DELETE FROM summed_up",
        """INSERT INTO summed_up (kind, from_second, until_second, turn)
        SELECT kind, 0, (floor(date_part('epoch', now()) / 900) - 8) * 900, 0
        FROM unnest(ARRAY['phases', 'messages', 'presence']) AS kind""",
    )
    with engine.begin() as connection:
        for statement in kept:
            connection.execute(text(statement))


def _began(connection):
    """When the first conversation of an earlier run began; what was open then is taken away."""
    found = connection.scalar(select(SystemMark.value).where(SystemMark.name == FILLED))
    connection.execute(delete(SystemMark).where(SystemMark.name == FILLED))
    if found is None:
        connection.execute(text("TRUNCATE interactions, contacts CASCADE"))
        connection.execute(text(CUSTOMERS), {"before": 0, "count": CONTACTS})
        return None
    connection.execute(text("TRUNCATE messages CASCADE"))
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for column in (Interaction.id, InteractionPhase.interaction_id, Offer.interaction_id):
        connection.execute(delete(column.table).where(column > OPEN_FROM))
    return float(found)


@contextlib.contextmanager
def _quickly(engine, count):
    """Where many rows come nothing is synced meanwhile, and indexes are made at the end."""
    if count < MANY:
        yield
        return
    filled = (Interaction, InteractionPhase, Offer)
    indexes = [index for model in filled for index in model.__table__.indexes]
    with _alone(engine) as connection:
        for name, value in UNSAFE.items():
            connection.execute(text(f"ALTER SYSTEM SET {name} = {value}"))
        connection.execute(text("SELECT pg_reload_conf()"))
        for index in indexes:
            index.drop(connection, checkfirst=True)
    yield
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda index: _index(engine, index), indexes))
    with _alone(engine) as connection:
        connection.execute(text("ALTER SYSTEM RESET ALL"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CHECKPOINT"))


def _index(engine, index):
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        connection.execute(text("SET LOCAL max_parallel_maintenance_workers = 0"))
        index.create(connection)


def _alone(engine):
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


def _side_by_side(engine, tables, values):
    """The statements of each table, the tables two at a time."""
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda statements: _run(engine, statements, values), tables))


def _run(engine, statements, values):
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement), values)


def _insert(table, which="true", **values):
    rows = f"SELECT :before + n AS n FROM ({SERIES['postgresql']}) AS counted"
    columns, wanted = ", ".join(values), ", ".join(map(str, values.values()))
    return f"INSERT INTO {table} ({columns}) SELECT {wanted} FROM ({rows}) AS series WHERE {which}"


def _at(seconds):
    """A moment, from seconds since 1970."""
    return f"to_timestamp(CAST({seconds} AS double precision))"


CUSTOMERS = _insert(
    "contacts",
    id="n",
    name="'Customer ' || n",
    profile_name="''",
    phone="'1444' || n",
    created_at="now()",
)


def _conversations(begun, **values):
    row = {
        "account_id": ACCOUNT,
        "queue_id": QUEUE,
        "direction": "'in'",
        "step_position": 1,
        "priority": 0,
        "created_at": begun,
        "started_at": begun,
        "waiting_since": begun,
        "contact_name": "'Customer ' || n",
        "contact_phone": "'1444' || n",
        "last_message_at": begun,
        "last_text": "'Where is order ' || n || '?'",
        "last_kind": "'text'",
        "last_direction": "'in'",
        "left_unanswered": "false",
    }
    return _insert("interactions", **row, **values)


def _phases(phase, which="true", **values):
    row = {"phase": phase, "account_id": ACCOUNT, "queue_id": QUEUE, "is_long": "false"}
    return _insert("interaction_phases", which, **row, **values)


_begun, _accepted = _at(":begin + n * :step"), _at(f":begin + n * :step + {WAITED}")
_ended = _at(f":begin + n * :step + {TOOK}")
CLOSED = (
    [
        _conversations(
            _begun,
            id="n",
            contact_id=f"1 + n % {CONTACTS // 2}",
            state="'closed'",
            owner_id=AGENT,
            assigned_at=_accepted,
            closed_at=_ended,
            close_reason="'agent'",
            session_expires_at=_at(":begin + n * :step + 86400"),
            unread=0,
        )
    ],
    [
        _phases(
            "'waiting'",
            interaction_id="n",
            from_at=_begun,
            to_at=_accepted,
            outcome="'accepted'",
            opens="true",
        ),
        _phases(
            "'assigned'",
            interaction_id="n",
            owner_id=AGENT,
            from_at=_accepted,
            to_at=_ended,
            outcome="'closed'",
            close_reason="'agent'",
            accepted_at=_accepted,
            first_reply_at=_accepted,
            first_reply_seconds="40 + n % 60",
            opens="false",
        ),
    ],
    [
        _insert(
            "offers",
            interaction_id="n",
            queue_id=QUEUE,
            user_id=AGENT,
            state="'accepted'",
            offered_at=_begun,
            expires_at=_accepted,
            ended_at=_accepted,
        )
    ],
)
_recently, _open_id = _at(":now - 60 - n % 10000"), f"{OPEN_FROM} + n"
OPEN = (
    [
        _conversations(
            _recently,
            id=_open_id,
            contact_id=f"{CONTACTS // 2} + n",
            state=f"CASE WHEN {WAITS} THEN 'waiting' ELSE 'assigned' END",
            owner_id=f"CASE WHEN {WAITS} THEN NULL ELSE {AGENT} END",
            assigned_at=f"CASE WHEN {WAITS} THEN NULL ELSE {_recently} END",
            session_expires_at=_at(":now - 60 - n % 10000 + 86400"),
            unread=f"CASE WHEN {ASKS} THEN 1 ELSE 0 END",
            unanswered_since=f"CASE WHEN {ASKS} THEN {_recently} END",
        )
    ],
    [
        _phases("'waiting'", WAITS, interaction_id=_open_id, from_at=_recently, opens="true"),
        _phases(
            "'assigned'",
            f"NOT ({WAITS})",
            interaction_id=_open_id,
            owner_id=AGENT,
            from_at=_recently,
            accepted_at=_recently,
            opens="true",
        ),
    ],
)


class Traffic:
    """So many messages at once, written as rows of open conversations."""

    def __init__(self, engine, ids, opened):
        self._engine, self._ids = engine, ids
        self._count, self._sent = opened, 0

    def write(self, messages):
        now = utcnow()
        rows = [self._message(self._sent + n, now) for n in range(messages)]
        self._sent += messages
        with self._engine.begin() as connection:
            connection.execute(MESSAGE, rows)

    def _message(self, n, now):
        incoming = n % 2 == 0
        return {
            "account": self._ids["account"] + n % ACCOUNTS,
            "contact": CONTACTS // 2 + 1 + n % self._count,
            "interaction": OPEN_FROM + 1 + n % self._count,
            "direction": "in" if incoming else "out",
            "status": "received" if incoming else "sent",
            "provider_id": f"wamid.bench-{now.timestamp()}-{n}",
            "at": now - timedelta(milliseconds=1),
        }


MESSAGE = text(
    "INSERT INTO messages (account_id, contact_id, interaction_id, direction, kind, source, text,"
    " status, provider_id, written_at, received_at, processed_at, attempt_count) VALUES"
    " (:account, :contact, :interaction, :direction, 'text', 'live', 'Hello', :status,"
    " :provider_id, :at, :at, :at, 0)"
)
