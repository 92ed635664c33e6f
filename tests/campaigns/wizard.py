"""A draft as the wizard's tests begin with it: an account, a list of people, a template."""

from tests import factories
from tests.inbox.templates import make_template
from webapp.campaigns.wizard import drafting
from webapp.contacts.models import ContactListMember
from webapp.unit_of_work import unit_of_work

GREETING = [{"type": "BODY", "text": "Hello {{1}}, your {{2}} is due."}]
MAPPING = {
    "body 1": {"from": "contact", "key": "first_name", "text": "", "fallback": "there"},
    "body 2": {"from": "text", "key": "", "text": "yearly check", "fallback": None},
}
AJAX = {"HX-Request": "true"}


def people_in(contact_list, *first_names, **columns):
    """Contacts who agreed to marketing, in this list."""
    made = []
    for first in first_names:
        values = {"consent": "in", "first_name": first} | columns
        one = factories.make_contact(first or "Nameless", **values)
        factories.save(ContactListMember(contact_list_id=contact_list.id, contact_id=one.id))
        made.append(one)
    return made


def make_draft(account, by, *first_names, template="service_reminder", **columns):
    """A draft that could be launched: everybody of one list, one template, all filled in."""
    contact_list = factories.make_list(f"Heating contracts {template}")
    people_in(contact_list, *(first_names or ("Yuki", "Pedro")))
    shown = make_template(template, GREETING, account=account)
    campaign = factories.make_campaign(
        account,
        "Winter service check",
        shown,
        audience={"list_ids": [contact_list.id], "consent_only": True},
        steps=list(drafting.STEPS[:3]),
        created_by_id=by.id,
        updated_by_id=by.id,
        **columns,
    )
    factories.change(campaign.variants[0], mapping=dict(MAPPING))
    return campaign


def saved(campaign, step, by, **changes):
    """Change some of what a step holds, as its form would."""
    with unit_of_work():
        wanted = drafting.facts(campaign, step) | changes
        return drafting.save(campaign, step, wanted, by)
