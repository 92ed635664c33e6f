"""Builds what a provider is asked to send from a stored message, at the moment of the call."""

from functools import partial

from webapp import media_store
from webapp.accounts.access_points import capabilities_of
from webapp.contacts.people import NUMBERS, match_key
from webapp.inbox import signed_files
from webapp.providers.base import (
    Buttons,
    Choice,
    ContactCard,
    ContactsMessage,
    IdentityKind,
    ListMenu,
    LocationMessage,
    MediaMessage,
    MessageKind,
    OutgoingFile,
    Parameter,
    Place,
    Reaction,
    Recipient,
    Section,
    TemplateButton,
    TemplateMessage,
    Text,
)

FILE_KINDS = (
    MessageKind.IMAGE,
    MessageKind.VIDEO,
    MessageKind.AUDIO,
    MessageKind.VOICE,
    MessageKind.DOCUMENT,
    MessageKind.STICKER,
)


class Unsendable(Exception):
    """What was stored cannot be put into words the provider understands; never tried again."""


def command_of(message, can=None):
    """The command for a message about to leave."""
    can = can or capabilities_of(message.account)
    build = _BUILDERS.get(message.kind)
    if build is None:
        raise Unsendable("This kind of message cannot be sent.")
    to = recipient_of(message.contact, message.account, can.addresses)
    return build(message, to, message.reply_to if can.quotes else None)


def recipient_of(contact, account, addresses):
    """The main number, else the first identity in use that the provider's API takes."""
    ours = ("", account.portfolio)  # another portfolio's user id means nobody here
    known = [one for one in contact.identities if one.scope in ours and one.kind in addresses]
    used = [one for one in known if one.retired_at is None]
    if not used:
        raise Unsendable(_RETIRED if known else _NOBODY)
    one = used[0]
    if len(used) > 1:
        one = min(used, key=partial(_place, contact, addresses))
    if one.kind in NUMBERS:
        return Recipient(phone=one.value)
    return Recipient(bsuid=one.value)


_NOBODY = "This customer has no number or user id the provider can write to."
_RETIRED = "All numbers of this customer are retired. Add the one in use to the contact."


def _place(contact, addresses, identity):
    """Numbers stand where the provider names the first of their kinds, the main one before all."""
    if identity.kind not in NUMBERS:
        return (addresses.index(identity.kind), False, 0, identity.id)
    first = min(addresses.index(kind) for kind in NUMBERS if kind in addresses)
    is_main = bool(contact.phone) and _same_number(identity, contact.phone)
    return (first, not is_main, addresses.index(identity.kind), identity.id)


def _same_number(identity, digits):
    return identity.match_key == match_key(IdentityKind.PHONE, digits)


def _text(message, to, reply_to):
    return Text(to=to, body=message.text, reply_to=reply_to)


def _file(message, to, reply_to):
    return MediaMessage(
        to=to,
        kind=MessageKind(message.kind),
        file=_outgoing_file(message),
        caption=message.text,
        reply_to=reply_to,
    )


def _outgoing_file(message):
    media = message.media
    if media is None or not media.storage_key:
        raise Unsendable("The file of this message is no longer stored.")
    return OutgoingFile(
        open=partial(media_store.open, media.storage_key),
        url=signed_files.address_of(media),
        mime_type=media.mime_type,
        size=media.size or 0,
        filename=media.filename,
    )


def _location(message, to, reply_to):
    place = message.content
    return LocationMessage(
        to=to,
        latitude=place["latitude"],
        longitude=place["longitude"],
        name=place.get("name", ""),
        address=place.get("address", ""),
        reply_to=reply_to,
    )


def _contacts(message, to, reply_to):
    cards = tuple(
        ContactCard(
            name=card["name"],
            phones=tuple(card.get("phones", ())),
            emails=tuple(card.get("emails", ())),
            organization=card.get("organization", ""),
        )
        for card in message.content["cards"]
    )
    return ContactsMessage(to=to, cards=cards, reply_to=reply_to)


def _reaction(message, to, reply_to):
    return Reaction(to=to, message_id=message.target_provider_id, emoji=message.text)


def _interactive(message, to, reply_to):
    """Buttons where `content` has choices, a list where it has sections."""
    content = message.content
    footer = content.get("footer", "")
    if "sections" in content:
        sections = tuple(
            Section(section.get("title", ""), _choices(section["choices"]))
            for section in content["sections"]
        )
        return ListMenu(to, message.text, content["button"], sections, footer, reply_to)
    return Buttons(to, message.text, _choices(content["choices"]), footer, reply_to)


def _choices(choices):
    return tuple(
        Choice(choice["id"], choice["title"], choice.get("description", "")) for choice in choices
    )


def _template(message, to, reply_to):
    has_file = message.content.get("header_kind")
    return template_command(message.content, to, _outgoing_file(message) if has_file else None)


def template_command(content, to, header_file=None):
    """The command for a template's message from its content, as `template_content` fills it."""
    header = content.get("header_kind")
    return TemplateMessage(
        to=to,
        name=content["name"],
        language=content["language"],
        body=_parameters(content.get("body")),
        header_text=_parameters(content.get("header_text")),
        header_file=header_file,
        header_kind=MessageKind(header) if header else None,
        header_place=Place(**content["header_place"]) if "header_place" in content else None,
        buttons=tuple(
            TemplateButton(button["index"], button["kind"], button["value"])
            for button in content.get("buttons", ())
        ),
    )


def _parameters(values):
    return tuple(Parameter(value["value"], value.get("name", "")) for value in values or ())


_BUILDERS = {
    MessageKind.TEXT: _text,
    **dict.fromkeys(FILE_KINDS, _file),
    MessageKind.LOCATION: _location,
    MessageKind.CONTACTS: _contacts,
    MessageKind.REACTION: _reaction,
    MessageKind.INTERACTIVE: _interactive,
    MessageKind.TEMPLATE: _template,
}
