"""What a pretend customer can send, in Meta's words; ValueError for what no phone could send."""

import io
import secrets

from webapp import media_store
from webapp.inbox.places import place_in
from webapp.providers import sandbox as provider
from webapp.sandbox.phone import file_key

MB = 1024 * 1024
PICTURES = ("image/jpeg", "image/png")
STICKER = "image/webp"
# What a phone may send of each kind: WhatsApp's own limits.
LARGEST = {"image": 5 * MB, "sticker": MB // 2, "video": 16 * MB, "audio": 16 * MB}
LARGEST_DOCUMENT = 25 * MB  # a form here takes no more
PLACE = "52.5163, 13.3777"
CARD = {
    "name": {"formatted_name": "Robin Hale", "first_name": "Robin", "last_name": "Hale"},
    "phones": [{"phone": "+1 555 000 0099", "wa_id": "15550000099", "type": "CELL"}],
    "emails": [{"email": "robin@example.com", "type": "WORK"}],
    "org": {"company": "Northgate Kettles"},
}


def text(words):
    if not words:
        raise ValueError("Write something, or choose a file.")
    return {"type": "text", "text": {"body": words}}


def file(content, mime_type, filename="", caption="", voice=False):
    """A voice note where it was recorded; else what the file is, or a document."""
    mime_type = mime_type or "application/octet-stream"
    kind = _kind_of(mime_type)
    most = LARGEST.get(kind, LARGEST_DOCUMENT)
    if not content:
        raise ValueError("Choose a file that is not empty.")
    if len(content) > most:
        words = "picture" if kind == "image" else kind
        raise ValueError(f"Choose a {words} of at most {most / MB:g} MB.")
    beside = {
        "caption": caption if kind in ("image", "video", "document") else "",
        "filename": filename if kind == "document" else "",
        "voice": kind == "audio" and (voice or mime_type.startswith("audio/ogg")),
    }
    return provider.file_said(kind, kept(content), content, mime_type, **beside)


def kept(content):
    """The phone keeps its file until it is fetched; the id it is fetched by."""
    media_id = secrets.token_hex(16)
    media_store.put(file_key(media_id), io.BytesIO(content))
    return media_id


def place(words):
    """Where the customer stands: coordinates, or a link of a map."""
    found = place_in(words or PLACE)
    if found is None:
        raise ValueError("Give a place as 52.5163, 13.3777 or as a link of a map.")
    latitude, longitude = found
    return {"type": "location", "location": {"latitude": latitude, "longitude": longitude}}


def card():
    return {"type": "contacts", "contacts": [CARD]}


def reaction(message_id, emoji):
    """To one of the business's messages; none takes an earlier one back."""
    if not message_id:
        raise ValueError("Choose the message this is about.")
    return {"type": "reaction", "reaction": {"message_id": message_id, "emoji": emoji[:16]}}


def tap(kind, content, choice_id):
    """What the business's message of this kind offered: a button, or a line of a list."""
    if kind == "template":  # its quick replies come as a kind of their own
        labels = (content.get("shown") or {}).get("buttons") or ()
        if choice_id not in labels:
            raise ValueError("The template does not offer this.")
        return {"type": "button", "button": {"payload": choice_id, "text": choice_id}}
    rows = [row for section in content.get("sections", ()) for row in section["choices"]]
    offered = rows or content.get("choices", ())
    chosen = next((choice for choice in offered if choice["id"] == choice_id), None)
    if chosen is None:
        raise ValueError("The message does not offer this.")
    told = {name: chosen[name] for name in ("id", "title", "description") if chosen.get(name)}
    reply = "list_reply" if rows else "button_reply"
    return {"type": "interactive", "interactive": {"type": reply, reply: told}}


def title_of(said):
    kind = said["type"]
    words = {
        "image": "Picture",
        "contacts": "Contact card",
        "interactive": "Choice",
        "button": "Choice",
        "audio": "Voice note" if said.get("audio", {}).get("voice") else "Audio file",
    }.get(kind, kind.capitalize())
    return f"{words} from customer"


def _kind_of(mime_type):
    if mime_type in PICTURES:
        return "image"
    if mime_type == STICKER:
        return "sticker"
    family = mime_type.partition("/")[0]
    return family if family in ("audio", "video") else "document"
