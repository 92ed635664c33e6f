"""What goes out through each generation of Kaleyra's API; files are held to WhatsApp's limits."""

from ..base import Capabilities, FileRule
from ..events import MessageKind
from .api import V1, V2

_MB = 1024 * 1024
_FILES = {
    MessageKind.IMAGE: FileRule(("image/jpeg", "image/png"), 5 * _MB),
    MessageKind.VIDEO: FileRule(("video/mp4", "video/3gpp"), 16 * _MB),
    MessageKind.AUDIO: FileRule(
        ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * _MB
    ),
    MessageKind.VOICE: FileRule(("audio/ogg",), 16 * _MB),
    MessageKind.DOCUMENT: FileRule((), 100 * _MB),
}
_CAPTIONS = frozenset({MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.DOCUMENT})
_KINDS = frozenset(
    {
        MessageKind.TEXT,
        *_FILES,
        MessageKind.LOCATION,
        MessageKind.CONTACTS,
        MessageKind.INTERACTIVE,
        MessageKind.TEMPLATE,
    }
)

# No quotes, reactions or stickers: none is documented for V1.
OF_V1 = Capabilities(
    kinds=_KINDS,
    files=_FILES,
    captions=_CAPTIONS,
    templates=True,
    manages_templates=True,
    campaigns=True,
)
OF_V2 = Capabilities(
    kinds=_KINDS | {MessageKind.STICKER, MessageKind.REACTION},
    files=_FILES | {MessageKind.STICKER: FileRule(("image/webp",), 500 * 1024)},
    captions=_CAPTIONS,
    quotes=True,
    templates=True,
    manages_templates=True,
    campaigns=True,
)
BY_VERSION = {V1: OF_V1, V2: OF_V2}
