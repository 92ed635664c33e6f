"""Buttons and lists: Twilio sends them only as a content made beforehand through its Content API.

Inside the service window such a content needs no approval: twilio.com/docs/content/session-messages
"""

import hashlib
import threading
from collections import OrderedDict

import orjson

from ..base import Buttons, ListMenu, OutcomeUnknown, ProviderError
from ..reading import dict_of, text_of
from .api import Api

MOST_ITEMS = 10
MOST_BUTTONS = 3
REMEMBERED = 1000


class _Contents:
    """The ids of contents this process has made, so that a bot's menu is made once.

    Only spares calls: whoever starts anew makes them anew.
    """

    def __init__(self):
        self._ids: OrderedDict[tuple, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key):
        with self._lock:
            return self._ids.get(key)

    def keep(self, key, sid):
        with self._lock:
            self._ids[key] = sid
            while len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)

    def forget(self, sid):
        with self._lock:
            for key in [key for key, known in self._ids.items() if known == sid]:
                del self._ids[key]


_MADE = _Contents()
forget = _MADE.forget


def content_for(api: Api, command: Buttons | ListMenu) -> str:
    """The id of a content that says this; made at Twilio if this process knows none."""
    types = _quick_reply(command) if isinstance(command, Buttons) else _list_picker(command)
    digest = hashlib.sha256(orjson.dumps(types, option=orjson.OPT_SORT_KEYS)).hexdigest()
    key = api.content, api.account_sid, digest
    sid = _MADE.get(key)
    if sid is None:
        sid = _make(api, types, digest)
        _MADE.keep(key, sid)
    return sid


def _make(api, types, digest):
    named = {"friendly_name": f"parley_{digest[:32]}", "language": "en", "types": types}
    try:
        answer = api.post(f"{api.content}/v1/Content", named)
    except OutcomeUnknown as error:
        # Whatever became of the content, no message has left.
        raise ProviderError(error.reason, permanent=False) from error
    sid = text_of(dict_of(answer.data).get("sid"))
    if not sid:
        reason = f"Twilio answered HTTP {answer.status} without a content id"
        raise ProviderError(reason, permanent=False)
    return sid


def _quick_reply(command):
    if not 0 < len(command.choices) <= MOST_BUTTONS:
        raise _wrong_number("buttons", MOST_BUTTONS)
    actions = [
        {"type": "QUICK_REPLY", "title": _plain(choice.title), "id": _plain(choice.id)}
        for choice in command.choices
    ]
    return {"twilio/quick-reply": {"body": _body(command), "actions": actions}}


def _list_picker(command):
    """Twilio's list has no sections: what stands in them follows one another."""
    choices = [choice for section in command.sections for choice in section.choices]
    if not 0 < len(choices) <= MOST_ITEMS:
        raise _wrong_number("choices in a list", MOST_ITEMS)
    items = [_item(choice) for choice in choices]
    return {
        "twilio/list-picker": {
            "body": _body(command),
            "button": _plain(command.button),
            "items": items,
        }
    }


def _item(choice):
    item = {"item": _plain(choice.title), "id": _plain(choice.id)}
    if choice.description:
        item["description"] = _plain(choice.description)
    return item


def _body(command):
    """Neither has a footer of its own."""
    return _plain("\n\n".join(part for part in (command.body, command.footer) if part))


def _plain(text):
    """Two braces would be a placeholder: the sign between them takes no room."""
    return text.replace("{{", "{\u2060{")


def _wrong_number(what, most):
    return ProviderError(f"WhatsApp takes one to {most} {what}", permanent=True)
