"""Asks for what a report's choice is about, as `analytics.figures` defines it."""

from sqlalchemy import select

from webapp.analytics import figures, summed
from webapp.contacts.models import ContactTag
from webapp.inbox.models import Interaction
from webapp.settings import dispositions

# Where rows do not say it themselves, the conversation behind them does.
BEHIND = {
    "account": Interaction.account_id,
    "queue": Interaction.queue_id,
    "campaign": Interaction.campaign_id,
}
# Who waits is nobody's yet, and what a customer writes no agent's: there an agent stands for the
# conversations they have held.
NOBODYS = ("begun", "accepted", "received")


def count(facts, choice, by=(), step=None, names=None):
    return summed.count(facts, *choice.span, by, where(facts, choice), step, names)


def spread(name, choice, by=()):
    facts, *_ = figures.SPREADS[name]
    return summed.spread(name, *choice.span, by=by, where=where(facts, choice))


def _ids(choice, name):
    """What is chosen of this kind; None: all."""
    if name == "queue":
        return choice.queues
    value = getattr(choice, name)
    return None if value is None else (value,)


def regroup(found, *places):
    """The same sums by some places of their keys alone; without any, all as one under ()."""
    grouped = {}
    for key, sums in found.items():
        into = grouped.setdefault(tuple(key[place] for place in places), {})
        for name, number in sums.items():
            into[name] = into.get(name, 0) + number
    return grouped


def where(facts, choice):
    """{key: ids}, as `figures` takes it."""
    found, behind = {}, []
    for name, column in BEHIND.items():
        ids = _ids(choice, name)
        if ids is None:
            continue
        if name in facts.keys:
            found[name] = ids
        else:
            behind.append(column.in_(ids))
    if choice.agent is not None:
        if set(NOBODYS) & set(facts.counts):
            behind.append(Interaction.id.in_(figures.held_by(choice.agent)))
        else:
            found["agent"] = [choice.agent]
    if choice.disposition is not None:
        behind.append(Interaction.disposition_id.in_(dispositions.with_below(choice.disposition)))
    if choice.tag is not None:
        tagged = select(ContactTag.contact_id).where(ContactTag.tag_id == choice.tag)
        behind.append(Interaction.contact_id.in_(tagged))
    if behind:
        found["interaction"] = select(Interaction.id).where(*behind)
    return found
