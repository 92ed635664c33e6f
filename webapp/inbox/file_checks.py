"""What kind of WhatsApp message a file becomes, and whether a provider takes it."""

import mimetypes
from dataclasses import dataclass

from webapp.providers.base import MessageKind

LARGEST = 100 * 1024 * 1024  # WhatsApp's own limit for anything
STICKER_SIDE = 512
PLURALS = {
    MessageKind.TEXT: "text",
    MessageKind.IMAGE: "pictures",
    MessageKind.VIDEO: "videos",
    MessageKind.AUDIO: "audio files",
    MessageKind.VOICE: "voice messages",
    MessageKind.DOCUMENT: "documents",
    MessageKind.STICKER: "stickers",
    MessageKind.LOCATION: "locations",
    MessageKind.CONTACTS: "contacts",
    MessageKind.REACTION: "reactions",
    MessageKind.INTERACTIVE: "buttons and lists",
    MessageKind.TEMPLATE: "templates",
}
# Other names under which browsers hand over the same thing.
_SAME = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-aac": "audio/aac",
    "video/3gp": "video/3gpp",
    "application/x-pdf": "application/pdf",
}
_NAMES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WebP",
    "audio/aac": "AAC",
    "audio/amr": "AMR",
    "audio/mpeg": "MP3",
    "audio/mp4": "M4A",
    "audio/ogg": "OGG",
    "video/mp4": "MP4",
    "video/3gpp": "3GP",
    "application/pdf": "PDF",
    "text/plain": "TXT",
}


@dataclass(frozen=True, slots=True)
class Taker:
    """A provider as a file meets it: its name, and what it declares to take."""

    label: str
    files: dict

    def rule(self, kind):
        return self.files.get(kind)

    def takes(self, kind, mime_type):
        """Whether a file of this type may go as this kind, whatever its size."""
        rule = self.rule(kind)
        return rule is not None and (not rule.types or mime_type in types_of(rule))


def types_of(rule):
    """The rule's types without their parameters: `codecs=opus` and the like."""
    return tuple(name.partition(";")[0].strip().lower() for name in rule.types)


def type_of(declared, filename):
    """The MIME type a browser named, or else the one its name ends in, in its usual spelling."""
    declared = declared.partition(";")[0].strip().lower()
    if not declared or declared == "application/octet-stream":
        declared = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    return _SAME.get(declared, declared)


def check_kind(taker, kind, mime_type, filename):
    """Raises ValueError with the sentence where this type cannot go as this kind."""
    if taker.rule(kind) is None:
        raise ValueError(f"{taker.label} does not send {PLURALS[kind]}.")
    if not taker.takes(kind, mime_type):
        what = _ending(filename) or _NAMES.get(mime_type, mime_type)
        raise ValueError(
            f"{taker.label} takes {PLURALS[kind]} as {_listed(taker.rule(kind))}; "
            f"this is {what}. Convert it or send a link."
        )


def check_size(taker, kind, size):
    """Raises ValueError with the sentence where the file is too large, or empty."""
    most = min(taker.rule(kind).max_bytes, LARGEST)
    if size == 0:
        raise ValueError("This file is empty.")
    if size > most:
        raise ValueError(
            f"{taker.label} takes {PLURALS[kind]} up to {megabytes(most)}; "
            f"this has {megabytes(size, up=True)}. Send a link or a smaller file."
        )


def megabytes(size, up=False):
    """16 MB; what is over a limit is never rounded down to it."""
    for unit, name in ((1024 * 1024, "MB"), (1024, "KB")):
        if size >= unit:
            whole, rest = divmod(size, unit)
            return f"{whole + (1 if up and rest else 0)} {name}"
    return f"{size} bytes"


def file_size(size):
    """9.3 MB, 468 KB: as it is shown beside a file's name."""
    if size >= 1024 * 1024:
        figure = size / 1024 / 1024
        return f"{figure:.0f} MB" if figure >= 10 else f"{figure:.1f} MB"
    return f"{round(size / 1024)} KB" if size >= 1024 else f"{size} bytes"


def _listed(rule):
    names = list(
        dict.fromkeys(_NAMES.get(name, name.rpartition("/")[2]) for name in types_of(rule))
    )
    shown = names if len(names) <= 6 else [*names[:6], "some others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _ending(filename):
    ending = filename.rpartition(".")[2] if "." in filename else ""
    return ending.upper() if 0 < len(ending) <= 5 else ""
