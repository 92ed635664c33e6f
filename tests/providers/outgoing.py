"""One command of every kind a conversation can send, for whichever provider is under test."""

import io

from webapp.providers.base import (
    Buttons,
    Choice,
    ContactCard,
    ContactsMessage,
    ListMenu,
    LocationMessage,
    MediaMessage,
    MessageKind,
    OutgoingFile,
    Parameter,
    Reaction,
    Recipient,
    Section,
    TemplateButton,
    TemplateMessage,
    Text,
)

TO = Recipient(phone="15550142233")
TYPES = {
    MessageKind.IMAGE: ("image/jpeg", "photo.jpg"),
    MessageKind.VIDEO: ("video/mp4", "film.mp4"),
    MessageKind.AUDIO: ("audio/mpeg", "song.mp3"),
    MessageKind.VOICE: ("audio/ogg; codecs=opus", "voice.ogg"),
    MessageKind.DOCUMENT: ("application/pdf", "Grüße 2026.pdf"),
    MessageKind.STICKER: ("image/webp", "sticker.webp"),
}


def file(kind, content=b"some bytes", **changes):
    mime_type, filename = TYPES[kind]
    known = {
        "open": lambda: io.BytesIO(content),
        "url": f"https://chat.example/files/{kind}",
        "mime_type": mime_type,
        "size": len(content),
        "filename": filename,
    }
    return OutgoingFile(**known | changes)


def media(kind, caption="", reply_to=None, to=TO, **changes):
    return MediaMessage(to, kind, file(kind, **changes), caption, reply_to)


def template(**changes):
    known = {"to": TO, "name": "visit_reminder", "language": "en_US"}
    return TemplateMessage(**known | changes)


CARD = ContactCard("Ben Okoye", ("15550140001",), ("ben@example.com",), "Northgate")
YES, NO = Choice("yes", "Yes, please"), Choice("no", "No")
SECTION = Section("Mornings", (Choice("9", "9 o'clock", "At our branch"), Choice("10", "10")))
COMMANDS = {
    "text": Text(TO, "Hello"),
    "reply": Text(TO, "Yes", reply_to="wamid.IN1"),
    "image": media(MessageKind.IMAGE, "A kettle"),
    "video": media(MessageKind.VIDEO),
    "audio": media(MessageKind.AUDIO),
    "voice": media(MessageKind.VOICE),
    "document": media(MessageKind.DOCUMENT, "The invoice"),
    "sticker": media(MessageKind.STICKER),
    "location": LocationMessage(TO, 52.5, 13.4, "Branch", "Main Street 1"),
    "contacts": ContactsMessage(TO, (CARD,)),
    "reaction": Reaction(TO, "wamid.IN1", "👍"),
    "reaction taken back": Reaction(TO, "wamid.IN1", ""),
    "buttons": Buttons(TO, "Shall we come?", (YES, NO), "Northgate"),
    "list": ListMenu(TO, "When?", "Choose", (SECTION,)),
    "template": template(
        body=(Parameter("Amara"), Parameter("Friday")), buttons=(TemplateButton(1, "url", "8841"),)
    ),
}
