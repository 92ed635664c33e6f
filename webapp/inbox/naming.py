"""Learns a customer's name where the provider's webhook only says where it is kept."""

import logging

from sqlalchemy import select

from webapp import jobs
from webapp.accounts.access_points import provider_of
from webapp.accounts.models import Account
from webapp.contacts.models import Contact
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import Interaction, InteractionState
from webapp.providers.base import OutcomeUnknown, ProviderError
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

JOB = "workers.inbound.fetch_name"
LONGEST_NAME = 200


def ask(account_id, contact, ref):
    """After the commit, look the name up, unless one is known; the next message asks again."""
    if ref and not (contact.name or contact.profile_name):
        jobs.hint(JOB, f"{account_id}:{contact.id}:{ref}")


def fetch(shard):
    """Ask with no transaction open; a failure leaves the number where the name would stand."""
    account_id, contact_id, ref = shard.split(":", 2)
    provider = _provider(int(account_id), int(contact_id))
    if provider is None:
        return
    try:
        name = provider.profile_name(ref).strip()[:LONGEST_NAME]
    except (ProviderError, OutcomeUnknown) as error:
        log.info("the name of contact %s is not known: %s", contact_id, error)
        return
    if name:
        with unit_of_work():
            _keep(int(contact_id), name)


def _provider(account_id, contact_id):
    """None where the name was learnt meanwhile, or there is nobody to ask."""
    account, contact = db.session.get(Account, account_id), db.session.get(Contact, contact_id)
    wanted = account is not None and contact is not None and not contact.profile_name
    provider = provider_of(account) if wanted else None
    db.session.rollback()
    return provider


def _keep(contact_id, name):
    contact = db.session.scalar(lock(select(Contact).where(Contact.id == contact_id)))
    if contact is None or contact.profile_name:
        return
    contact.profile_name = name
    for interaction in db.session.scalars(
        select(Interaction).where(
            Interaction.contact_id == contact_id, Interaction.state != InteractionState.CLOSED
        )
    ):
        interaction.contact_name = contact.display_name[:LONGEST_NAME]
        summary.announce(interaction)
