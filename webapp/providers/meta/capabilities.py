"""What goes out through Meta, and how large.

developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

from ..base import Capabilities, FileRule, IdentityKind, MessageKind

KB, MB = 1024, 1024 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCUMENTS = (
    "text/plain",
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    f"{_OFFICE}.wordprocessingml.document",
    f"{_OFFICE}.spreadsheetml.sheet",
    f"{_OFFICE}.presentationml.presentation",
)
FILES = {
    MessageKind.IMAGE: FileRule(("image/jpeg", "image/png"), 5 * MB),
    MessageKind.STICKER: FileRule(("image/webp",), 500 * KB),  # 100 KB unless it is animated
    MessageKind.VIDEO: FileRule(("video/mp4", "video/3gpp"), 16 * MB),
    MessageKind.AUDIO: FileRule(
        ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * MB
    ),
    MessageKind.VOICE: FileRule(("audio/ogg",), 16 * MB),
    MessageKind.DOCUMENT: FileRule(DOCUMENTS, 100 * MB),
}
CAN = Capabilities(
    kinds=frozenset(
        {
            MessageKind.TEXT,
            *FILES,
            MessageKind.LOCATION,
            MessageKind.CONTACTS,
            MessageKind.REACTION,
            MessageKind.INTERACTIVE,
            MessageKind.TEMPLATE,
        }
    ),
    files=FILES,
    captions=frozenset({MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.DOCUMENT}),
    max_text=4096,
    max_caption=1024,
    quotes=True,
    marks_read=True,
    templates=True,
    manages_templates=True,
    edits_templates=True,
    deletes_templates=True,
    campaigns=True,
    addresses=(IdentityKind.WA_ID, IdentityKind.PHONE, IdentityKind.BSUID),
)
