"""Contact cards to share: of customers one may see, or typed in."""

from webapp.accounts.numbers import digits_of
from webapp.inbox import search

MOST = 8


def find(user, query):
    """Customers with a number, each once, by the search of the inbox."""
    sections = search.find(user, query) if query.strip() else []
    found = {
        interaction.contact_id: interaction.contact
        for section in sections
        if section.key == "customers"
        for interaction in section.interactions
        if interaction.contact.phone
    }
    return list(found.values())[:MOST]


def card(name, phone, organization=""):
    """ValueError, with a sentence, where a name or a number that could be called is missing."""
    name = " ".join(name.split())
    if not name:
        raise ValueError("A contact needs a name.")
    phones = [digits_of(phone)]
    return {"name": name, "phones": phones, "emails": [], "organization": organization.strip()}
