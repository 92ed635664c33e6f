"""A dry run: messages for some contacts of the audience, built and checked, and never sent."""

from dataclasses import dataclass

from webapp.accounts.access_points import capabilities_of
from webapp.campaigns.messages import previewing, splitting, variants
from webapp.campaigns.messages.wording import Wording
from webapp.inbox.outgoing import Unsendable, recipient_of
from webapp.providers import limits
from webapp.providers.base import OutgoingFile, ProviderError

CONTACTS = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """How many were built; or the first problem, and for whom."""

    many: int = 0
    problem: str = ""
    name: str = ""


def run(campaign, most=CONTACTS):
    """Through the payload builder and the provider's limits, as the sender does."""
    can = capabilities_of(campaign.account)
    people = previewing.contacts(campaign, most)
    for position, contact in enumerate(people):
        try:
            limits.check(_command(campaign, contact, can), can)
        except (ValueError, Unsendable, ProviderError) as error:
            return Trial(position, str(error), contact.display_name)
    return Trial(len(people))


def _command(campaign, contact, can):
    variant = splitting.variant_of(campaign, contact.id)
    group = variants.named(campaign.account, variant.template_name)
    template = previewing.template_for(variant, group, contact)
    wording = Wording(variant, template)
    to = recipient_of(contact, campaign.account, can.addresses)
    return wording.command(contact, to, _file(wording.media) if wording.header_kind else None)


def _file(media):
    """As large as it is, without being opened: a trial uploads nothing."""
    if not media:
        raise ValueError("Its header's file is missing.")
    return OutgoingFile(
        open=None,
        url="",
        mime_type=media["mime_type"],
        size=media.get("size", 0),
        filename=media.get("filename", ""),
    )
