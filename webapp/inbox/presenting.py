"""Interactions and messages in the words and icons of the screen."""

from dataclasses import dataclass
from datetime import timedelta

from webapp import words
from webapp.columns import utcnow
from webapp.inbox import (
    formatting,
    starting,
    summary,
    template_content,
    template_views,
)
from webapp.inbox.file_checks import file_size
from webapp.inbox.models import CloseReason
from webapp.message_templates import parts
from webapp.providers import PROVIDERS
from webapp.settings import plan

SOON = timedelta(hours=4)
WINDOW = timedelta(hours=24)
RING = 40.8  # circumference of the window chip's ring

# kind → icon, word
KINDS = {
    "image": ("image", "Photo"),
    "sticker": ("smile", "Sticker"),
    "video": ("play", "Video"),
    "audio": ("volume-2", "Audio"),
    "voice": ("mic", "Voice message"),
    "document": ("file-text", "Document"),
    "location": ("map-pin", "Location"),
    "contacts": ("contact-round", "Contact"),
    "order": ("shopping-cart", "Order"),
    "template": ("layout-template", "Template"),
    "flow_reply": ("scroll-text", "Form answered"),
    "system": ("info", "Notice from WhatsApp"),
    "interactive": ("list-ordered", "Choices"),
    "unsupported": ("circle-alert", "Message that cannot be shown here"),
}
NAMES = {provider.label for provider in PROVIDERS.values()} | {"Parley"}
CLOSED_BECAUSE = {
    CloseReason.AGENT: "Wrapped up",
    CloseReason.FLOW: "Closed by the routing",
    CloseReason.TIMEOUT: "Closed by itself",
    CloseReason.MERGED: "Merged with another conversation",
    CloseReason.ARCHIVED: "Closed with its account",
}
WINDOW_CODES = ("131047", "63016")  # Meta's, Twilio's: free text outside the window


def init_app(app):
    app.jinja_env.filters.update(
        kind_icon=kind_icon,
        last_words=last_words,
        wait_level=wait_level,
        closed_words=closed_words,
        closed_because=closed_because,
        outcome_of=outcome_of,
        outcome_path=outcome_path,
        row_title=row_title,
        kind_word=kind_word,
        message_words=message_words,
        cards_of=cards_of,
        playing_time=playing_time,
        map_link=map_link,
        file_size=file_size,
        rich=formatting.rich,
        is_big_emoji=formatting.is_big_emoji,
        sentence=sentence,
        capital=capital,
        state_words=state_words,
        target=words.target,
        template_facts=template_facts,
        template_words=template_words,
        variable_words=template_content.words_for,
        values_to_check=values_to_check,
        who_has=starting.who_has,
        window_stopped=window_stopped,
    )
    app.jinja_env.globals.update(
        event_words=event_words, window_state=window_state, may_begin=plan.allows_outbound
    )


def kind_icon(kind):
    return KINDS[kind][0] if kind in KINDS else ""


def kind_word(kind):
    return KINDS[kind][1] if kind in KINDS else "Message"


def last_words(interaction):
    """The row's line: what was said last, or what kind of thing it was."""
    return interaction.last_text or KINDS.get(interaction.last_kind, ("", "No messages yet"))[1]


def message_words(message):
    """A message in one line, for a quote."""
    return summary.line_of(message) or KINDS.get(message.kind, ("", "Message"))[1]


@dataclass(frozen=True, slots=True)
class Card:
    """A shared contact, whoever shared it; each number as (digits or as written, to be shown)."""

    name: str
    line: str = ""
    phones: tuple = ()
    emails: tuple = ()


def cards_of(content):
    """The contact cards of a message: ours say `cards`, a provider's `contacts`."""
    given = [*(content.get("cards") or ()), *(content.get("contacts") or ())]
    return [_card(card) for card in given if isinstance(card, dict)]


def _card(card):
    organization = card.get("organization") or card.get("organisation")
    phones = []
    for phone in card.get("phones") or ():
        number = (phone.get("phone") or phone.get("wa_id")) if isinstance(phone, dict) else phone
        if number:
            phones.append(str(number))
    return Card(
        card.get("name") or "Unnamed",
        ", ".join(filter(None, (card.get("title"), organization))),
        tuple(phones),
        tuple(email for email in card.get("emails") or () if isinstance(email, str)),
    )


def playing_time(seconds):
    """0:24, as players show it."""
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds else ""


def map_link(content):
    """A map with a pin where the message says; None where it names no coordinates."""
    latitude, longitude = content.get("latitude"), content.get("longitude")
    if latitude is None or longitude is None:
        return None
    return (
        f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}"
        f"#map=16/{latitude}/{longitude}"
    )


def wait_level(since, target):
    """Nothing, warn or bad: how a wait compares with its target in seconds."""
    waited = (utcnow() - since).total_seconds()
    if waited < target:
        return ""
    return "bad" if waited >= 3 * target else "warn"


@dataclass(frozen=True, slots=True)
class Window:
    """The service window: open with its end and the part that is left, or closed."""

    state: str  # open, soon, closed, unknown
    ends_at: object = None
    arc: str = ""


def window_state(interaction, now=None):
    now = now or utcnow()
    ends_at = interaction.window_expires_at
    if ends_at is None:
        return Window("unknown")
    if interaction.is_closed(now) or ends_at <= now:
        return Window("closed", ends_at)
    part = min(1.0, (ends_at - now) / WINDOW)
    return Window("soon" if ends_at - now < SOON else "open", ends_at, f"{part * RING:.1f} {RING}")


def closed_words(interaction):
    """Closed by itself on Saturday at 09:12; with an outcome, Wrapped up as Sold on …"""
    at = interaction.closed_at or interaction.session_expires_at
    return f"{ended_as(interaction)} {words.moment(at)}"


def ended_as(interaction):
    """Wrapped up as Sold: the last level of how it ended, if that was chosen."""
    outcome = outcome_of(interaction)
    because = closed_because(interaction)
    return f"{because} as {outcome}" if outcome else because


def outcome_of(interaction):
    """The last level of how it ended, in the words of then; None where nobody chose one."""
    return interaction.disposition_path[-1] if interaction.disposition_path else None


def outcome_path(interaction):
    """Delivery › Slot changed › By us"""
    return " › ".join(interaction.disposition_path or ())


def row_title(interaction):
    """What a row of the list has no room for: all levels of how it ended, and when."""
    at = interaction.closed_at or interaction.session_expires_at
    when = f"{closed_because(interaction)} {words.moment(at)}"
    path = outcome_path(interaction)
    return f"{path}. {when}" if path else when


def closed_because(interaction):
    return CLOSED_BECAUSE[interaction.close_reason or CloseReason.TIMEOUT]


def state_words(interaction):
    """How a conversation stands, in a word or two."""
    if interaction.is_closed():
        return ended_as(interaction)
    return "With somebody" if interaction.owner_id else "Waiting"


def capital(text):
    """The first letter large, the rest as it is: names of days keep theirs."""
    return text[:1].upper() + text[1:]


def sentence(text):
    """A reason that follows a colon: begins small unless it is a name, ends with a full stop."""
    text = text.strip()
    first = text.partition(" ")[0]
    named = first[1:] != first[1:].lower() or first.rstrip(",.:'’s") in NAMES
    small = text if named else text[:1].lower() + text[1:]
    return small if small.endswith((".", "!", "?")) else f"{small}."


def template_facts(template):
    """Utility · English · used 12 min ago"""
    facts = [template_views.category_and_language(template)]
    if template.recontact:
        facts.insert(0, "Recontact")
    if template.last_used_at:
        facts.append(f"used {words.span(utcnow() - template.last_used_at)} ago")
    return " · ".join(facts)


def template_words(template):
    """Its body with its variables as they stand."""
    return parts.body_text(template.components)


def values_to_check(side):
    """1 of 3 values to check"""
    if not side.fields:
        return "Nothing to fill in"
    if not side.to_check:
        return "All values filled in"
    of = len(side.fields)
    return f"{side.to_check} of {of} {'value' if of == 1 else 'values'} to check"


def window_stopped(message):
    """Whether a closed window is why it failed, so that a template would still go."""
    return (
        message.status == "failed"
        and message.kind == "text"
        and message.error_code in ("window_closed", *WINDOW_CODES)
    )


def event_words(event, user):
    """(icon, sentence) for a line in the thread."""
    who = "you" if event.user_id == user.id else event.user.name if event.user else ""
    data = event.data or {}
    queue = f" from {event.queue.name}" if event.queue else ""
    waited = f" after {words.span(data['waited'])}" if "waited" in data else ""
    if event.kind == "assigned":
        return "user-check", f"Assigned to {who}{queue}{waited}"
    if event.kind == "taken":
        return "user-check", f"Taken over by {who}{queue}{waited}"
    if event.kind == "closed":
        return "circle-check", _closing_words(data.get("reason"), who, data.get("outcome"))
    if event.kind == "begun":
        return "send", f"Begun by {who}" if who else "Begun from our side"
    if event.kind == "queued":
        moved = f", put there by {who}" if who else ""
        return "list-ordered", f"Waiting in {event.queue.name}{moved}" if event.queue else "Waiting"
    if event.kind == "passed_over":
        step = event.queue.name if event.queue else "A step"
        return "clock", f"{step} was passed over: outside “{data['hours']}”"
    if event.kind == "timed_out":
        where = f" in {event.queue.name}" if event.queue else ""
        return "clock", f"Nobody accepted it{where} in time"
    if event.kind == "passed":
        return "arrow-right", f"Passed on by {who}"
    if event.kind in ("opted_out", "opted_in"):
        said = f": “{data['words']}”" if data.get("words") else ""
        return "ban" if event.kind == "opted_out" else "shield-check", f"{data['text']}{said}"
    if event.kind == "continued":
        return "history", "Continues an earlier conversation"
    return "info", data.get("text", event.kind.replace("_", " ").capitalize())


def _closing_words(reason, who, outcome):
    if reason == CloseReason.TIMEOUT:
        return "Closed by itself: the 24 hours were over"
    sentence = CLOSED_BECAUSE.get(reason, "Closed")
    by = f" by {who}" if who else ""
    return f"{sentence}{by} as {outcome}" if outcome else f"{sentence}{by}"
