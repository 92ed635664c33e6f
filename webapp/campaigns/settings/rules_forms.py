"""The rules of all campaigns as they are being typed."""

import dataclasses
from dataclasses import dataclass

from webapp.campaigns.settings.rules import Rules
from webapp.columns import number_of

# name → (least, most, what may be empty)
BOUNDS = {
    "second_person_above": (0, 10_000_000, True),
    "marketing_most": (1, 100, True),
    "marketing_days": (1, 90, False),
    "headroom_percent": (0, 90, False),
    "kaleyra_pace": (1, 1000, False),
}


@dataclass
class Typed:
    values: dict
    errors: dict = dataclasses.field(default_factory=dict)

    def __getitem__(self, name):
        return self.values[name]

    def checked(self):
        """The Rules; None with `errors` filled where something is wrong."""
        found = {name: self._number(name, *bounds) for name, bounds in BOUNDS.items()}
        return None if self.errors else Rules(**found)

    def _number(self, name, least, most, may_be_empty):
        text = self.values[name].strip()
        if not text and may_be_empty:
            return None
        number = number_of(text)
        if number is None or not least <= number <= most:
            self.errors[name] = f"Write a number from {least:,} to {most:,}."
            return None
        return number


def typed_from(rules):
    values = {name: getattr(rules, name) for name in BOUNDS}
    return Typed({name: "" if one is None else str(one) for name, one in values.items()})


def typed_in(posted):
    return Typed({name: posted.get(name, "") for name in BOUNDS})
