"""Finds conversations by name, number or what was said, with the database's own full text."""

import re
from dataclasses import dataclass

from sqlalchemy import func, literal_column, select, text

from webapp.contacts import search as customers
from webapp.contacts.models import Contact
from webapp.database import is_postgresql
from webapp.extensions import db
from webapp.inbox import listing
from webapp.inbox.listing import Section
from webapp.inbox.models import Interaction, Message
from webapp.staff import access

LIMIT = 30
BEFORE = 24  # characters shown before the word that was found
LONGEST = 100
WORD = re.compile(r"\w+")

# The expression of migration 0002; the planner uses its index only for these very words.
PG_MESSAGE = "to_tsvector('simple', messages.text)"


@dataclass(frozen=True, slots=True)
class Hit:
    before: str
    found: str
    after: str


def find(user, query):
    """Sections of what this person may see: by customer first, then by message."""
    query = query.strip()[:LONGEST]
    by_customer = _interactions_of(user, query)
    said = _said(user, query)
    by_message = [row for row in said if row not in set(by_customer)]
    sections = [
        Section("customers", "Customers", listing.by_ids(user, by_customer), None),
        Section("messages", "Messages", listing.by_ids(user, by_message), None, hits=said),
    ]
    return [section for section in sections if section.interactions]


def _interactions_of(user, query):
    """The newest conversation of each customer that matches."""
    if len(query) < 2:
        return []
    newest = (
        select(func.max(Interaction.id).label("id"))
        .join(Contact, Contact.id == Interaction.contact_id)
        .where(customers.matching(query), access.visible_interactions(user))
        .group_by(Interaction.contact_id, Interaction.account_id)
        .order_by(func.max(Interaction.id).desc())
        .limit(LIMIT)
    )
    return list(db.session.scalars(newest))


def _said(user, query):
    """Interaction → the newest words in it that match, the newest first."""
    condition = _message_condition(query)
    if condition is None:
        return {}
    found = (
        select(Message.interaction_id, Message.text)
        .join(Interaction, Interaction.id == Message.interaction_id)
        .where(condition, access.visible_interactions(user))
        .order_by(Message.id.desc())
        .limit(LIMIT * 5)
    )
    said = {}
    for interaction_id, words in db.session.execute(found):
        said.setdefault(interaction_id, _hit(words, query))
    return dict(list(said.items())[:LIMIT])


def _hit(words, query):
    """The place in a message where it matches, cut to a row's length."""
    wanted = "|".join(re.escape(word) for word in WORD.findall(query))
    found = re.search(rf"\b({wanted})\w*", words, re.IGNORECASE)
    if found is None:  # the database folds letters that Python does not
        return Hit(words[:LONGEST], "", "")
    start = max(0, found.start() - BEFORE)
    before = ("…" if start else "") + words[start : found.start()]
    return Hit(before, found[0], words[found.end() : found.end() + LONGEST])


def _message_condition(query):
    words = WORD.findall(query)
    if not words or len(query) < 2:
        return None
    if is_postgresql():
        wanted = func.to_tsquery(literal_column("'simple'"), " & ".join(f"{w}:*" for w in words))
        return literal_column(PG_MESSAGE).op("@@")(wanted)
    matches = literal_column("message_search").op("MATCH")(" ".join(f'"{w}"*' for w in words))
    return Message.id.in_(
        select(literal_column("rowid")).select_from(text("message_search")).where(matches)
    )
