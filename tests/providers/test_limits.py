"""WhatsApp's bounds, each refused with a sentence before anything is called."""

from dataclasses import replace

import pytest

from webapp.providers import limits
from webapp.providers.base import (
    Buttons,
    Capabilities,
    Choice,
    ContactCard,
    ContactsMessage,
    ListMenu,
    LocationMessage,
    MessageKind,
    Parameter,
    ProviderError,
    Section,
    Text,
)
from webapp.providers.meta.capabilities import CAN

from .outgoing import COMMANDS, TO, media, template


def choices(count, **changes):
    return tuple(replace(Choice(str(n), f"Choice {n}"), **changes) for n in range(count))


def menu(*counts, **changes):
    sections = tuple(
        Section(f"Part {part}", tuple(Choice(f"{part}.{n}", "Line") for n in range(count)))
        for part, count in enumerate(counts)
    )
    return replace(ListMenu(TO, "When?", "Choose", sections), **changes)


@pytest.mark.parametrize("kind", COMMANDS)
def test_what_is_within_the_bounds_passes(kind):
    limits.check(COMMANDS[kind], CAN)


@pytest.mark.parametrize(
    "command",
    (
        Text(TO, "x" * 4096),
        Buttons(TO, "x" * 1024, choices(3), "y" * 60),
        menu(5, 5),
        menu(1, button="x" * 20),
        media(MessageKind.IMAGE, "x" * 1024, size=5 * 1024 * 1024),
        template(body=(Parameter("a    b"),)),
    ),
)
def test_the_last_one_allowed_passes(command):
    limits.check(command, CAN)


@pytest.mark.parametrize(
    ("command", "words"),
    (
        (Text(TO, " "), "may not be empty"),
        (Text(TO, "x" * 4097), "up to 4,096 characters; this has 4,097"),
        (media(MessageKind.IMAGE, "x" * 1025), "A caption may have up to 1,024"),
        (media(MessageKind.STICKER, "x"), "A sticker cannot carry a text"),
        (media(MessageKind.STICKER, size=501 * 1024), "A sticker may have up to 500 KB"),
        (media(MessageKind.VIDEO, size=17 * 1024 * 1024), "up to 16 MB; this has 17 MB"),
        (media(MessageKind.VOICE, mime_type="audio/mpeg"), "A voice note of the type audio/mpeg"),
        (LocationMessage(TO, 91, 0), "no such place"),
        (LocationMessage(TO, 0, float("nan")), "no such place"),
        (ContactsMessage(TO, ()), "1 to 257 contacts"),
        (ContactsMessage(TO, (ContactCard(" "),)), "needs a name"),
        (Buttons(TO, "?", ()), "1 to 3 buttons"),
        (Buttons(TO, "?", choices(4)), "1 to 3 buttons"),
        (Buttons(TO, "?", choices(1, title="x" * 21)), "A button may have up to 20"),
        (Buttons(TO, "?", choices(2, title="Same")), "the same text"),
        (Buttons(TO, "?", choices(2, id="same")), "the same id"),
        (Buttons(TO, "x" * 1025, choices(1)), "up to 1,024 characters"),
        (Buttons(TO, "?", choices(1), "x" * 61), "A footer may have up to 60"),
        (menu(), "1 to 10 sections"),
        (menu(0), "needs a line at least"),
        (menu(6, 5), "up to 10 lines in a list; this has 11"),
        (menu(1, button="x" * 21), "A list's button may have up to 20"),
        (replace(menu(1), sections=(Section("", choices(1)),) * 2), "title may not be empty"),
        (replace(menu(1), sections=(Section("", choices(2, id="x")),)), "the same id"),
        (
            replace(menu(1), sections=(Section("", choices(1, description="x" * 73)),)),
            "A line's description may have up to 72",
        ),
        (template(name=""), "its name and its language"),
        (template(body=(Parameter(""),)), "may not be empty"),
        (template(body=(Parameter("a\tb"),)), "no new lines"),
        (template(header_text=(Parameter("a     b"),)), "long gaps"),
        (
            template(header_file=media(MessageKind.AUDIO).file, header_kind=MessageKind.AUDIO),
            "takes an image, a video or a document",
        ),
        (object(), "This kind of message cannot be sent"),
    ),
)
def test_the_first_one_too_many_is_refused_in_words(command, words):
    with pytest.raises(ProviderError) as raised:
        limits.check(command, CAN)
    assert words in raised.value.reason
    assert raised.value.permanent
    assert raised.value.action


@pytest.mark.parametrize("kind", [kind for kind in COMMANDS if kind not in ("text", "reply")])
def test_what_a_provider_does_not_send_is_refused(kind):
    with pytest.raises(ProviderError, match="cannot be sent"):
        limits.check(COMMANDS[kind], Capabilities())


def test_a_kind_without_a_rule_takes_any_file():
    can = Capabilities(kinds=frozenset({MessageKind.DOCUMENT}))
    limits.check(media(MessageKind.DOCUMENT, mime_type="application/zip"), can)
