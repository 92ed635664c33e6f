"""One message of a campaign as it is being typed, and the shares of them all."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from webapp.campaigns.messages import suggesting, variants
from webapp.campaigns.messages.sources import CONTACT_FIELDS
from webapp.campaigns.wizard import drafting
from webapp.columns import number_of
from webapp.inbox import template_content
from webapp.message_templates import parts

EMPTY = {"template_name": "", "language": "", "mapping": {}, "media": None}


@dataclass
class Message:
    """`number` is which of the campaign's messages it is, from 0."""

    number: int = 0
    template_name: str = ""
    language: str = ""
    mapping: dict = dataclasses.field(default_factory=dict)
    media: dict | None = None
    percents: list = dataclasses.field(default_factory=list)  # of all messages, as typed
    errors: dict = dataclasses.field(default_factory=dict)

    def checked(self, campaign):
        """What `drafting.save` takes; None with `errors` filled where something is wrong.

        What is merely missing is kept as it is: a draft may be left half done.
        """
        self.errors = {}
        group = variants.named(campaign.account, self.template_name)
        if self.template_name and group is None:
            self.errors["template"] = "This template is gone. Choose another one."
        percents = [self._percent(place, text) for place, text in enumerate(self.percents)]
        if group is not None:
            self._check_values(group)
        if self.errors:
            return None
        return {"variants": self._all(campaign, group, percents)}

    def choose(self, campaign, name):
        """Another template: what it shares with the former one stays, the rest is guessed."""
        group = variants.named(campaign.account, name)
        if group is None:
            return
        if name != self.template_name:
            self.media = None
        self.template_name, self.language = name, group.shown.language
        self.mapping = suggesting.mapping(group, self.mapping)

    def _all(self, campaign, group, percents):
        rows = [
            {name: getattr(one, name) for name in drafting.VARIANT} for one in campaign.variants
        ]
        own = {
            "template_name": self.template_name,
            "language": self._language(group),
            "mapping": self._mapping(group),
            "media": self.media if group and variants.header_kind(group) else None,
        }
        if not rows and not self.template_name:
            return []
        rows = rows or [{"percent": 100}]
        rows[self.number] |= own
        for row, percent in zip(rows, percents, strict=False):
            row["percent"] = percent
        return rows

    def _language(self, group):
        known = [one.language for one in group.sendable] if group else []
        return self.language if self.language in known else (known or [self.language])[0]

    def _mapping(self, group):
        wanted = [variants.key_of(one) for one in variants.variables(group)] if group else ()
        return {place: self.mapping[place] for place in wanted if place in self.mapping}

    def _percent(self, place, text):
        share = number_of(text.strip())
        if share is None or not 1 <= share <= 99:
            self.errors[f"percent-{place}"] = "Write a share from 1 to 99."
            return 0
        return share

    def _check_values(self, group):
        for one in variants.variables(group):
            given = self.mapping.get(variants.key_of(one)) or {}
            for text in (given.get("text") or "", given.get("fallback") or ""):
                if len(text) > template_content.LONGEST_VALUE:
                    self.errors[variants.key_of(one)] = (
                        f"A value may have {template_content.LONGEST_VALUE:,} characters."
                    )


def typed_from(campaign, number):
    percents = [str(one.percent) for one in campaign.variants]
    if number >= len(campaign.variants):
        return Message(percents=percents if len(percents) > 1 else [])
    one = campaign.variants[number]
    return Message(
        number,
        one.template_name,
        one.language,
        dict(one.mapping),
        one.media,
        percents if len(percents) > 1 else [],
    )


def typed_in(posted, campaign):
    """What the page holds, as it was typed; the header's file is kept by its own upload."""
    number = number_of(posted.get("number", "")) or 0
    number = min(number, max(len(campaign.variants) - 1, 0))
    one = campaign.variants[number] if campaign.variants else None
    return Message(
        number,
        posted.get("template", one.template_name if one else ""),
        posted.get("language", ""),
        {place: _value(posted, place) for place in posted.getlist("place")},
        one.media if one else None,
        [posted.get(f"percent-{n}", "") for n in range(len(campaign.variants))]
        if len(campaign.variants) > 1
        else [],
    )


def _value(posted, place):
    kind = posted.get(f"{place}-from", "")
    kind = kind if kind in ("contact", "field", "text") else "text"
    key = posted.get(f"{place}-{kind}", "") if kind != "text" else ""
    if kind == "contact" and key not in CONTACT_FIELDS:
        key = ""
    fallback = posted.get(f"{place}-fallback", "").strip()
    return {
        "from": kind,
        "key": key,
        "text": posted.get(f"{place}-text", "").strip() if kind == "text" else "",
        "fallback": fallback or None if kind != "text" else None,
    }


@dataclass(frozen=True, slots=True)
class Row:
    """One variable and what was typed for it."""

    place: str
    label: str
    variable: Any
    value: dict
    url: tuple = ()  # of a button's link, what stands before and after the value

    @property
    def kind(self):
        return self.value.get("from", "contact")


def rows(typed, group):
    if group is None:
        return []
    buttons = parts.buttons(group.shown.components)
    return [
        Row(
            place,
            "Button" if one.where == "button" else f"{{{{{one.key}}}}}",
            one,
            typed.mapping.get(place, {}),
            _around(buttons[one.index].url) if one.where == "button" else (),
        )
        for one in variants.variables(group)
        if (place := variants.key_of(one))
    ]


def with_another(wanted):
    """One message more, to be chosen; all get the same share again."""
    several = [*wanted["variants"], {**EMPTY, "percent": 0}]
    return _evenly(several) if len(several) <= variants.MOST else wanted


def without(wanted, number):
    kept = [one for place, one in enumerate(wanted["variants"]) if place != number]
    return _evenly(kept)


def _evenly(several):
    share, rest = divmod(100, max(len(several), 1))
    return {
        "variants": [one | {"percent": share + (place < rest)} for place, one in enumerate(several)]
    }


def _around(url):
    before, _, after = parts.MARK.sub("\0", url, count=1).partition("\0")
    return before, after
