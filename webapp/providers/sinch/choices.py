"""What a choice carries through WhatsApp and back: its id and its title.

A reply holds `postback_data` alone. Without the title in it an agent would read “opt_2”.
"""

from urllib.parse import quote, unquote

from ..base import Choice

_OURS = "parley:"
LONGEST = 200  # of a list row's id at WhatsApp; a button's may have 256


def postback_of(choice: Choice) -> str:
    both = f"{_OURS}{quote(choice.id, safe='')}:{choice.title}"
    return both if len(both) <= LONGEST else choice.id


def chosen(postback: str, message_id: str) -> tuple[str, str]:
    """The choice's id and title, as far as the reply tells them."""
    if postback.startswith(_OURS):
        choice_id, _, title = postback.removeprefix(_OURS).partition(":")
        return unquote(choice_id), title or unquote(choice_id)
    # What Sinch sends where the choice was given no postback: message_id_{text, title}.
    title = postback.removeprefix(f"{message_id}_") if message_id else postback
    return postback, title
