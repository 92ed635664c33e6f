"""What happens beside messages: reactions, wishes, news of the number, names."""

from ..base import AccountUpdate, MessageKind, NameChange, PreferenceChange, Severity
from ..meta.contents import Content
from ..reading import dict_of, list_of, text_of
from .envelope import OWN, Envelope, identities_of, name_in
from .messages import arrived

# Named as Meta names the same news, so that admins read one title for it.
_QUALITY = "phone_number_quality_update"
_BY_QUALITY = {
    "GREEN": Severity.INFO,
    "YELLOW": Severity.WARNING,
    "RED": Severity.CRITICAL,
}


def customer_event(event: dict, around: Envelope) -> list:
    """Reactions are documented for Messenger and Instagram; for WhatsApp expected the same."""
    about = dict_of(event.get("contact_message_event")) or dict_of(event.get("contact_event"))
    reaction = about.get("reaction_event")
    if isinstance(reaction, dict):
        return _reaction(event, reaction, around)
    name = next((key for key in about if key != "reaction_event"), "")
    return around.unsupported(f"An event of the kind “{name}” is not used.", harmless=bool(name))


def _reaction(event, reaction, around):
    target = text_of(reaction.get("message_id"))
    if not target:
        return around.unsupported("A reaction to no message.")
    taken_back = text_of(reaction.get("action")).upper().endswith("UNREACT")
    emoji = "" if taken_back else text_of(reaction.get("emoji"))
    return arrived(event, Content(MessageKind.REACTION, emoji, reply_to=target), around)


def opted_in(notification: dict, around: Envelope) -> list:
    return _preference(notification, "resume", around)


def opted_out(notification: dict, around: Envelope) -> list:
    return _preference(notification, "stop", around)


def _preference(notification, value, around):
    state = text_of(notification.get("status")).upper()
    if state and not state.endswith("SUCCEEDED"):
        return around.unsupported(f"A wish that was not taken: {state}.", harmless=True)
    who = identities_of(notification)
    if not who:
        return around.unsupported("A wish without a person.")
    return [PreferenceChange(OWN, who, "", value, around.at, around.raw)]


def channel_event(notification: dict, around: Envelope) -> list:
    event = dict_of(notification.get("channel_event")) or notification
    name = text_of(event.get("event_type"))
    if not name:
        return around.unsupported("News of the number that says nothing.")
    more = dict_of(event.get("additional_data"))
    kind, severity = name.lower()[:60], Severity.WARNING
    quality = text_of(more.get("quality_rating")).upper()
    if quality:  # WHATS_APP_QUALITY_RATING_CHANGED, QUALITY_UPDATE in Sinch's notes
        kind, severity = _QUALITY, _BY_QUALITY.get(quality, Severity.INFO)
    detail = {"event": name, **more}
    return [AccountUpdate(OWN, kind, detail, severity, around.at, around.raw)]


def contact_event(notification: dict, around: Envelope) -> list:
    """Made when somebody first writes, or in Sinch's address book: here only the name counts."""
    contact = dict_of(notification.get("contact"))
    name, who = name_in(contact), _on_whatsapp(contact)
    if not name or not who:
        return around.unsupported("A contact without a name on WhatsApp.", harmless=True)
    return [NameChange(OWN, who, name, around.at, around.raw)]


def _on_whatsapp(contact):
    named = [dict_of(identity) for identity in list_of(contact.get("channel_identities"))]
    known = [identity for identity in named if identity.get("channel") == "WHATSAPP"]
    return identities_of({"channel_identity": known[0]}) if known else ()
