"""What stands beneath each reason for leaving somebody out, in the words of this campaign."""

from sqlalchemy import select

from webapp.campaigns.audience import selection
from webapp.contacts.models import ContactList
from webapp.extensions import db
from webapp.settings.models import Tag

PLAIN = {
    "opted_out": "Sent STOP or asked an agent",
    "no_consent": "Your rule: only people who agreed to marketing",
    "duplicate": "In several lists; sent once",
    "no_number": "No WhatsApp number, or not valid",
    "open_conversation": "They talk to an agent now",
    "missing_value": "See “If empty” in the message",
    "no_language": "The template is not approved in their language",
}


def title(campaign, reason):
    """What the reason is called: with the days, where it is about days."""
    days = selection.audience_of(campaign).quiet_days
    if reason == "quiet" and days:
        return f"Written to in the last {days} days" if days > 1 else "Written to since yesterday"
    return selection.REASONS[reason]


def detail(campaign, reason):
    given = selection.audience_of(campaign)
    if reason == "quiet":
        return f"Your limit is 1 in {given.quiet_days} days"
    if reason == "excluded":
        return ", ".join(
            [*names(ContactList, given.exclude_list_ids), *names(Tag, given.exclude_tag_ids)]
        )
    return PLAIN[reason]


def names(table, ids):
    """What these are called, in the order of the alphabet."""
    if not ids:
        return []
    rows = select(table.name).where(table.id.in_(ids)).order_by(table.name)
    return list(db.session.scalars(rows))
