"""The one door for permission: asked by routes, by templates and by Socket.IO alike."""

from functools import wraps

from flask import abort
from flask_login import current_user
from sqlalchemy import and_, exists, false, or_, select, true

from webapp.accounts.models import Account, AccountAgent, RoutingStep
from webapp.columns import id_of
from webapp.contacts.models import (
    LISTED,
    Contact,
    ContactList,
    ContactListMember,
    ContactListQueue,
)
from webapp.extensions import db, login
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues.models import QueueMember
from webapp.settings import plan
from webapp.staff.models import Role

ANYONE = ("anyone signed in",)
LEADERS = (Role.ADMIN, Role.SUPERVISOR)


def public(view):
    """Anybody may call this; it checks what it needs by itself (a signature, a password)."""
    view.access = "public"
    return view


def needs(*roles):
    """Only signed-in people of these roles; without any, whoever is signed in."""

    def decorate(view):
        @wraps(view)
        def guarded(*args, **kwargs):
            if not current_user.is_authenticated:
                return login.unauthorized()
            if roles and current_user.role not in roles:
                abort(403)
            return view(*args, **kwargs)

        guarded.access = roles or ANYONE
        return guarded

    return decorate


def outbound(view):
    """Below `needs`: only while the plan allows to write first. Menus hide what it marks."""

    @wraps(view)
    def guarded(*args, **kwargs):
        reason = plan.why_not()
        if reason:
            abort(403, f"{reason} Writing first needs Inbound & outbound: see Settings, Plan.")
        return view(*args, **kwargs)

    guarded.outbound = True
    return guarded


def admits(view, user):
    """Whether this person may open the view: menus show nothing else."""
    if view.access == "public":
        return True
    return user.is_authenticated and (view.access == ANYONE or user.role in view.access)


def leads(user):
    return user.role in LEADERS


def visible_interactions(user):
    """The SQL condition for the interactions this person may see."""
    if leads(user):
        return true()
    if not user.active:
        return false()
    in_my_queue = Interaction.queue_id.in_(
        select(QueueMember.queue_id).where(QueueMember.user_id == user.id)
    )
    # Without a queue only the account's own list says whose it is.
    mine_to_take = and_(Interaction.queue_id.is_(None), _is_named(user, Interaction.account_id))
    return or_(
        Interaction.owner_id == user.id,
        and_(in_my_queue, _serves(user, Interaction.account_id)),
        mine_to_take,
    )


def served_accounts(user):
    """The SQL condition for the accounts this person answers for."""
    if leads(user):
        return true()
    in_a_queue = exists().where(
        RoutingStep.account_id == Account.id,
        RoutingStep.queue_id == QueueMember.queue_id,
        QueueMember.user_id == user.id,
    )
    owns_one = exists().where(
        Interaction.account_id == Account.id,
        Interaction.owner_id == user.id,
        Interaction.state != InteractionState.CLOSED,
    )
    return or_(and_(in_a_queue, _serves(user, Account.id)), _is_named(user, Account.id), owns_one)


def may_see(user, interaction):
    """Whether this person may open the interaction."""
    if user.active and (leads(user) or interaction.owner_id == user.id):
        return True  # the usual case, asked with every refetch: no query
    found = select(Interaction.id).where(
        Interaction.id == interaction.id, visible_interactions(user)
    )
    return db.session.scalar(found) is not None


def may_write(user, interaction):
    """Whether this person may answer or close: its owner alone; leaders take it over first."""
    return interaction.owner_id == user.id


def may_take(user, interaction):
    """Whether this person may become the owner without an offer."""
    free = interaction.owner_id is None and interaction.state in (
        InteractionState.WAITING,
        InteractionState.UNMANAGED,
    )
    return (free and may_see(user, interaction)) or (
        leads(user) and interaction.state != InteractionState.CLOSED
    )


def visible_lists(user):
    """The SQL condition for the contact lists this person may see."""
    if leads(user):
        return true()
    if not user.active:
        return false()
    shared = _list_queues()
    mine = _list_queues(
        ContactListQueue.queue_id == QueueMember.queue_id, QueueMember.user_id == user.id
    )
    return or_(~shared, mine)


def _list_queues(*conditions):
    condition = ContactListQueue.contact_list_id == ContactList.id
    return exists().where(condition, *conditions).correlate(ContactList)


def visible_contacts(user):
    """The SQL condition for the contacts this person may see, merged and erased ones left out."""
    if leads(user):
        return LISTED
    if not user.active:
        return false()
    member = ContactListMember.contact_id == Contact.id
    in_a_list = _of_contact(member)
    in_mine = _of_contact(
        member, ContactListMember.contact_list_id == ContactList.id, visible_lists(user)
    )
    spoken_to = _of_contact(Interaction.contact_id == Contact.id, visible_interactions(user))
    return and_(LISTED, or_(~in_a_list, in_mine, spoken_to))


def _of_contact(*conditions):
    """Whatever else the query around it names: only the contact comes from there."""
    return exists().where(*conditions).correlate(Contact)


def may_see_contact(user, contact):
    """Whether this person may open the contact's page."""
    found = select(Contact.id).where(Contact.id == contact.id, visible_contacts(user))
    return db.session.scalar(found) is not None


def may_edit_contacts(user):
    """Whether this person may change the contacts they see."""
    return user.is_authenticated and user.active


def may_watch(user, room):
    """Whether a browser of this person may listen to a room."""
    thing, _, number = room.partition(":")
    if thing == "inbox":
        return leads(user) and not number
    if room == "sending":  # that some account began or ceased to send: no more than that
        return user.active
    if room == "templates":
        return leads(user)
    if room == "alerts":
        return user.role == Role.ADMIN
    number = id_of(number)
    if number is None:
        return False
    if thing in ("user", "offers"):
        return number == user.id
    if thing == "queue":
        return leads(user) or _is_member(user, number)
    if thing == "interaction":
        interaction = db.session.get(Interaction, number)
        return interaction is not None and may_see(user, interaction)
    if thing == "contact":
        contact = db.session.get(Contact, number)
        return contact is not None and may_see_contact(user, contact)
    if thing in ("account", "sandbox"):
        return user.role == Role.ADMIN
    return False


def _serves(user, account_id):
    """An account without a list of its own is served by whoever is in its queues."""
    listed = exists().where(AccountAgent.account_id == account_id)
    return or_(~listed, _is_named(user, account_id))


def _is_named(user, account_id):
    return exists().where(AccountAgent.account_id == account_id, AccountAgent.user_id == user.id)


def _is_member(user, queue_id):
    return db.session.get(QueueMember, (queue_id, user.id)) is not None
