"""What may be sent from a conversation, in the words of the composer."""

from webapp.accounts.access_points import provider_of
from webapp.inbox.file_checks import LARGEST, Taker, megabytes, types_of
from webapp.inbox.sending import MAX_TEXT
from webapp.providers.base import MessageKind

# kind → word in the line that tells how large files may be
SIZED = (
    (MessageKind.IMAGE, "pictures"),
    (MessageKind.VIDEO, "videos"),
    (MessageKind.AUDIO, "audio"),
    (MessageKind.DOCUMENT, "documents"),
)


class Sendable:
    """One account's abilities; templates ask it what to offer, the browser checks files by it."""

    def __init__(self, account):
        provider = provider_of(account)
        self.can = provider.can
        self.label = provider.label
        self.taker = Taker(provider.label, dict(self.can.files))

    @property
    def files(self):
        """Whether any file beside a voice message may go."""
        return any(self._sends(kind) for kind, _ in SIZED)

    @property
    def voice(self):
        return self._sends(MessageKind.VOICE)

    @property
    def location(self):
        return MessageKind.LOCATION in self.can.kinds

    @property
    def contacts(self):
        return MessageKind.CONTACTS in self.can.kinds

    @property
    def templates(self):
        """Whether approved templates are kept here for it."""
        return self.can.manages_templates

    @property
    def reactions(self):
        return MessageKind.REACTION in self.can.kinds

    @property
    def sizes(self):
        """Pictures 5 MB, videos and audio 16 MB, documents 100 MB."""
        by_size = {}
        for kind, word in SIZED:
            if self._sends(kind):
                by_size.setdefault(self._most(kind), []).append(word)
        parts = [f"{' and '.join(words)} {megabytes(size)}" for size, words in by_size.items()]
        line = ", ".join(parts)
        return line[:1].upper() + line[1:]

    @property
    def longest_text(self):
        """(characters, who takes no more)"""
        most = min(self.can.max_text, MAX_TEXT)
        return most, self.label if most < MAX_TEXT else "WhatsApp"

    def for_browser(self):
        """What a script needs to refuse a file before it is uploaded."""
        rules = {
            kind: {"types": types_of(self.taker.rule(kind)), "max": self._most(kind)}
            for kind, _ in SIZED
            if self._sends(kind)
        }
        return {"label": self.label, "largest": LARGEST, "files": rules}

    def _sends(self, kind):
        return kind in self.can.kinds and self.taker.rule(kind) is not None

    def _most(self, kind):
        return min(self.taker.rule(kind).max_bytes, LARGEST)
