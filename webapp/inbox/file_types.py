"""What a file is and may be called: strangers' words about it are only a hint."""

import re
import unicodedata

import puremagic

HEAD = 4096  # bytes enough to tell what a file is
UNKNOWN = "application/octet-stream"
# What a browser would run, whatever it was sent as.
ACTIVE = ("html", "xml", "svg", "javascript", "ecmascript", "x-sh", "x-msdownload", "x-httpd")
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
# Containers whose beginning does not tell sound from film.
_CONTAINERS = {"application/ogg", "application/x-matroska", "video/mp4", "video/webm"}
LONGEST_NAME = 120


def safe_type(declared, head):
    """The type to serve it as: shown in the page only if the bytes agree with what was said."""
    declared = declared.split(";")[0].strip().lower()
    seen = _seen(head)
    if not re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,60}", declared, re.ASCII):
        declared = UNKNOWN
    if _is_active(declared) or any(map(_is_active, seen)):
        return UNKNOWN
    family = declared.split("/")[0]
    if family == "image":
        return next((kind for kind in seen if kind in PICTURES), UNKNOWN)
    if family in ("audio", "video"):
        agrees = any(kind.split("/")[0] == family or kind in _CONTAINERS for kind in seen)
        return declared if agrees or not seen else UNKNOWN
    if declared == "application/pdf":
        return declared if declared in seen else UNKNOWN
    return declared


def safe_name(name, fallback=""):
    """A file name without folders, control characters or letters that turn the text round."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    kept = re.sub(r'[<>:"|?*]', "_", kept).strip(" .")
    if len(kept) > LONGEST_NAME:
        stem, dot, ending = kept.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        kept = kept[: LONGEST_NAME - len(ending)] + ending
    return kept or fallback


def _seen(head):
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []
    kinds = (match.mime_type.lower() for match in found)
    return [kind for kind in dict.fromkeys(kinds) if kind and kind != UNKNOWN]


def _is_active(kind):
    # Office documents are XML in a zip, named so; no browser runs those.
    return "openxml" not in kind and any(word in kind for word in ACTIVE)
