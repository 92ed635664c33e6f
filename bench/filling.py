"""Many interactions at once, as rows a database makes by itself: a million in about a minute.

Contacts wrote once or several times; one in a thousand conversations is open, as on a busy day
after years of work: most waiting, some with the agents, the others closed.
"""

from sqlalchemy import text

MESSAGES_EACH = 2
OPEN = 200  # open conversations, whatever the size of the past
LONG = 3_000  # messages in the one conversation whose thread is opened

SERIES = {
    "postgresql": "SELECT generate_series(1, CAST(:count AS int)) AS n",
    "sqlite": (
        "WITH RECURSIVE counted(n) AS "
        "(SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :count) SELECT n FROM counted"
    ),
}
AGO = {
    "postgresql": "now() - make_interval(mins => CAST({} AS int))",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', 'now', printf('%+d minutes', -({}))) || '.000000'",
}


CONTACTS = """
INSERT INTO contacts (id, name, profile_name, phone, created_at)
SELECT n, 'Customer ' || n, '', '1444' || n, {at} FROM ({series}) AS series
"""
IDENTITIES = """
INSERT INTO contact_identities (contact_id, scope, kind, value, match_key, created_at)
SELECT n, '', 'wa_id', '1444' || n, 'tel:1444' || n, {at} FROM ({series}) AS series
"""
INTERACTIONS = """
INSERT INTO interactions (
    id, account_id, contact_id, state, direction, owner_id, queue_id, step_position, priority,
    created_at, started_at, waiting_since, closed_at, close_reason, window_expires_at,
    session_expires_at, last_customer_at, contact_name, contact_phone, last_message_at,
    last_text, last_kind, last_direction, unread, left_unanswered)
SELECT
    n, :account, n,
    CASE WHEN {closed} THEN 'closed' WHEN n % 4 = 0 THEN 'assigned' ELSE 'waiting' END,
    'in', CASE WHEN {closed} OR n % 4 = 0 THEN :owner END, :queue, 1, 0,
    {at}, {at}, {at}, CASE WHEN {closed} THEN {at} END, CASE WHEN {closed} THEN 'agent' END,
    {tomorrow}, {tomorrow}, {at}, 'Customer ' || n, '1444' || n, {at},
    'Where is order ' || n || '?', 'text', 'in', 0, false
FROM ({series}) AS series
"""
MESSAGES = """
INSERT INTO messages (
    account_id, contact_id, interaction_id, direction, kind, source, text, status, provider_id,
    written_at, received_at, processed_at, attempt_count)
SELECT
    :account, {place}, {place}, CASE WHEN n % 2 = 1 THEN 'in' ELSE 'out' END, 'text', 'live',
    '{words} ' || n, CASE WHEN n % 2 = 1 THEN 'received' ELSE 'read' END, 'wamid.{words}-' || n,
    {at}, {at}, {at}, 0
FROM ({series}) AS series
"""


def fill(engine, count, account_id, queue_id, owner_id):
    """`count` interactions with their contacts and messages; the newest are open."""
    ids = {"account": account_id, "queue": queue_id, "owner": owner_id, "last": count}
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # as old rows, not as late changes
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for rows, statement in _statements(engine.dialect.name, count):
            connection.execute(text(statement), {**ids, "count": rows})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _statements(database, count):
    """Each with the number of rows it makes; a minute lies between two conversations."""
    series, ago = SERIES[database], AGO[database]
    row = {"series": series, "at": ago.format(":last - n"), "tomorrow": ago.format("-1440")}
    yield count, CONTACTS.format(**row)
    yield count, IDENTITIES.format(**row)
    yield count, INTERACTIONS.format(**row, closed=f"n <= :last - {OPEN}")
    place = f"((n - 1) / {MESSAGES_EACH} + 1)"
    of_its_own = {"series": series, "place": place, "at": ago.format(f":last - {place}")}
    yield count * MESSAGES_EACH, MESSAGES.format(**of_its_own, words="Order")
    of_the_last = {"series": series, "place": ":last", "at": ago.format(":count - n")}
    yield LONG, MESSAGES.format(**of_the_last, words="Line")
