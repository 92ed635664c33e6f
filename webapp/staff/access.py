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
from webapp.database import among
from webapp.extensions import db, login
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues.models import Queue, QueueMember
from webapp.settings import plan
from webapp.staff.models import LedQueue, Role, SignIn, User

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


def led_queues(user):
    """The ids, in order, of the queues this leader sees and steers; None where it is all."""
    if leads_all(user):
        return None
    return tuple(db.session.scalars(_led(user).order_by(LedQueue.queue_id)))


def queues_led_by(sign_in_ids):
    """{sign-in: the same of whose it is} of those that neither ended nor belong to somebody who
    leads no more."""
    rows = (
        select(SignIn.id, User)
        .join(SignIn.user)
        .where(
            among(SignIn.id, sign_in_ids),
            SignIn.ended_at.is_(None),
            User.active,
            User.role.in_(LEADERS),
        )
    )
    people = db.session.execute(rows).all()
    led = {user: led_queues(user) for user in {user for _, user in people}}
    return {sign_in: led[user] for sign_in, user in people}


def leads_all(user):
    """Whether this is a leader of every queue: admins are, supervisors unless some were chosen."""
    return user.role == Role.ADMIN or (leads(user) and user.leads_all)


def leads_queue(user, queue_id):
    """Whether this leader may see and steer the queue."""
    if leads_all(user):
        return True
    return leads(user) and db.session.get(LedQueue, (user.id, queue_id)) is not None


def visible_queues(user):
    """The SQL condition for the queues this leader sees and steers."""
    return true() if leads_all(user) else Queue.id.in_(_led(user))


def _led(user):
    return select(LedQueue.queue_id).where(LedQueue.user_id == user.id)


def led_people(user):
    """The SQL condition for the people whose work this leader sees: who serve a queue of theirs,
    and themselves."""
    if leads_all(user):
        return true()
    serve = exists().where(QueueMember.user_id == User.id, QueueMember.queue_id.in_(_led(user)))
    return or_(User.id == user.id, serve.correlate(User))


def sees_person(user, person):
    """Whether this leader may look at the person's work."""
    if leads_all(user):
        return True
    found = select(User.id).where(User.id == person.id, led_people(user))
    return leads(user) and db.session.scalar(found) is not None


def role_leads(role, other):
    """Whether somebody of this role leads those of the other: supervisors lead agents, and only
    admins manage other users."""
    return role == Role.ADMIN or (role == Role.SUPERVISOR and other == Role.AGENT)


def may_lead(user, person):
    """Whether this user may pause, wake, sign out and move this person, or themselves."""
    if leads(user) and user.id == person.id:
        return True
    return role_leads(user.role, person.role) and sees_person(user, person)


def visible_interactions(user):
    """The SQL condition for the interactions this person may see: a leader of some queues sees
    those in them, and what they would see as an agent."""
    if leads_all(user):
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
        *([Interaction.queue_id.in_(_led(user))] if leads(user) else ()),
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


def steered_interactions(user):
    """The SQL condition for the interactions this leader gives away, moves and closes whoever has
    them: those in the queues they lead, and their own."""
    if leads_all(user):
        return true()
    if not leads(user):
        return false()
    return or_(Interaction.owner_id == user.id, Interaction.queue_id.in_(_led(user)))


def may_steer(user, interaction):
    """Whether this leader may do so with the interaction."""
    if leads_all(user):
        return True
    found = select(Interaction.id).where(
        Interaction.id == interaction.id, steered_interactions(user)
    )
    return leads(user) and db.session.scalar(found) is not None


def may_see(user, interaction):
    """Whether this person may open the interaction."""
    if user.active and (leads_all(user) or interaction.owner_id == user.id):
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
    to_be_had = free or interaction.state != InteractionState.CLOSED
    return to_be_had and (may_steer(user, interaction) or (free and may_see(user, interaction)))


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
    if room in ("templates", "campaigns", "alarms", "board"):
        return leads(user)
    if room == "alerts":
        return user.role == Role.ADMIN
    number = id_of(number)
    if number is None:
        return False
    if thing in ("user", "offers"):
        return number == user.id
    if thing == "queue":
        return leads_queue(user, number) or _is_member(user, number)
    if thing == "interaction":
        interaction = db.session.get(Interaction, number)
        return interaction is not None and may_see(user, interaction)
    if thing == "contact":
        contact = db.session.get(Contact, number)
        return contact is not None and may_see_contact(user, contact)
    if thing == "campaign":
        return leads(user)
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
