"""What the inbox's templates are given, the same for a page and for its parts."""

import uuid

from webapp.inbox import (
    composer,
    contact_facts,
    drafts,
    first_steps,
    limits,
    listing,
    search,
    thread,
    wrapping_up,
)
from webapp.queues import listing as queue_listing
from webapp.staff import access
from webapp.staff.models import Role


def tab(user, wanted):
    return wanted if wanted in listing.tabs(user) else "mine"


def list_pane(user, show, query="", open_id=None, ringing=True):
    found = search.find(user, query) if query else listing.sections(user, show, open_id)
    return {
        "show": show,
        "query": query,
        "tabs": listing.tabs(user),
        "sections": found,
        "untouched": not found and listing.is_empty(),
        "counts": listing.counts(user),
        "drafts": listing.drafts_of(user, found),
        "offers": queue_listing.ringing_for(user) if ringing else [],
        "open_id": open_id,
        "rooms": _rooms(user),
    }


def rows_again(user, show, places, open_id=None):
    """These rows where they stand; None where one has come, gone or moved."""
    found = listing.unmoved(user, show, places)
    if found is None:
        return None
    return {
        "show": show,
        "sections": found,
        "tabs": listing.tabs(user),
        "counts": listing.counts(user),
        "drafts": listing.drafts_of(user, found),
        "open_id": open_id,
    }


def _rooms(user):
    """Where something happens that this person's list shows."""
    if access.leads(user):
        return [f"user:{user.id}", "inbox"]
    return [f"user:{user.id}", *(f"queue:{queue.id}" for queue in user.queues)]


def more_rows(user, show, section, after):
    """The next rows of a section; None for a section or a cursor that does not exist."""
    plan = {plan.key: plan for plan in listing.plans(user, show)}.get(section)
    try:
        found = listing.page(plan, after) if plan else None
    except ValueError:
        found = None
    if found is None:
        return None
    return {"show": show, "section": found, "drafts": listing.drafts_of(user, [found])}


def first_day(user, pane):
    """Before the first customer admins see what to set up; later nobody pays for asking."""
    return {"steps": first_steps.steps()} if pane["untouched"] and user.role == Role.ADMIN else {}


def conversation(interaction, user):
    found = thread.page(interaction)
    if interaction.owner_id == user.id and interaction.unread:
        thread.mark_new(found.items, interaction)
    open_ones = {} if interaction.is_closed() else wrap_up(interaction, user)
    return {
        "interaction": interaction,
        "page": found,
        "written": drafts.of(interaction, user),
        "facts": contact_facts.facts(interaction, user),
        "client_key": uuid.uuid4().hex,
        **open_ones,
        **rights(interaction, user),
    }


def wrap_up(interaction, user):
    """What the dialog that closes a conversation shows."""
    return {"choices": wrapping_up.choices(interaction, user)}


def rights(interaction, user):
    return {
        "may_write": access.may_write(user, interaction),
        "composer": composer.of(interaction, user),
        "sendable": limits.Sendable(interaction.account),
    }
