"""WhatsApp's text marks (*bold* _italic_ ~struck~ ```code```) as safe HTML."""

import re

from markupsafe import Markup, escape

# What is set aside while the marks are read stands between two characters of private use.
_OPEN, _SHUT = "\ue000", "\ue001"
_CODE_BLOCK = re.compile(r"```(.+?)```", re.DOTALL)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'\ue000\ue001]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}*_~'\""
_MARKS = (("*", "strong"), ("_", "em"), ("~", "s"))
_EMOJI = re.compile(
    r"(?:[\U0001F1E6-\U0001F1FF]{2}"  # flags
    r"|[0-9#*]\ufe0f?\u20e3"  # keycaps
    r"|[\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    r"\U0001F000-\U0001FAFF][\ufe0f\U0001F3FB-\U0001F3FF]*"
    r"(?:\u200d[\u2190-\u2bff\U0001F000-\U0001FAFF][\ufe0f\U0001F3FB-\U0001F3FF]*)*)"
)
BIG = 3  # that many emoji and nothing else are shown large


def rich(text):
    """The text as HTML: everything is escaped first, only our own tags stand in the result."""
    aside = []
    text = (text or "").replace(_OPEN, "").replace(_SHUT, "")
    text = _CODE_BLOCK.sub(lambda m: _keep(aside, Markup("<code>{}</code>").format(m[1])), text)
    text = _CODE.sub(lambda m: _keep(aside, Markup("<code>{}</code>").format(m[1])), text)
    text = _LINK.sub(lambda m: _linked(aside, m[0]), text)
    html = str(escape(text))
    for sign, tag in _MARKS:
        html = _mark(sign, tag).sub(rf"<{tag}>\1</{tag}>", html)
    return Markup(_put_back(html, aside))  # noqa: S704 - escaped above


def is_big_emoji(text):
    """One to three emoji and nothing else."""
    squeezed = "".join((text or "").split())
    found = _EMOJI.findall(squeezed)
    return 0 < len(found) <= BIG and "".join(found) == squeezed


def _keep(aside, markup):
    aside.append(str(markup))
    return f"{_OPEN}{len(aside) - 1}{_SHUT}"


def _linked(aside, address):
    shown = address.rstrip(_TRAILING)
    target = shown if shown.lower().startswith("http") else f"https://{shown}"
    link = Markup(
        '<a class="link" href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>'
    ).format(target, shown)
    return _keep(aside, link) + address[len(shown) :]


def _mark(sign, tag):
    s = re.escape(sign)
    return re.compile(rf"(?<![\w{s}]){s}(?!\s)([^{s}\n]*[^{s}\s]){s}(?![\w{s}])")


def _put_back(html, aside):
    for number in range(len(aside) - 1, -1, -1):
        html = html.replace(f"{_OPEN}{number}{_SHUT}", aside[number])
    return html
