"""The templates a stand-in keeps: checked against the documented rules, reviewed as a test says."""

import itertools
import re
from dataclasses import dataclass, field

NAME = re.compile(r"[a-z0-9_]{1,512}")
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
EDITABLE = ("APPROVED", "REJECTED", "PAUSED")


class Refused(Exception):
    """(Meta's code, its subcode or None, the rule in words)"""


def need(true, code, subcode, rule):
    if not true:
        raise Refused(code, subcode, rule)


@dataclass
class Kept:
    id: str
    name: str
    language: str
    category: str
    components: list
    parameter_format: str = "POSITIONAL"
    status: str = "PENDING"
    quality: str = "UNKNOWN"
    rejected_reason: str = "NONE"
    edited: int = 0

    def shown(self):
        return {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "components": self.components,
            "parameter_format": self.parameter_format,
            "quality_score": {"score": self.quality},
            "rejected_reason": self.rejected_reason,
        }


@dataclass
class TemplateBook:
    handles: set = field(default_factory=set)  # of uploaded samples
    series: str = ""
    most: int = 250

    def __post_init__(self):
        self.kept = {}
        self._numbers = itertools.count(700155500000001)

    def __iter__(self):
        return iter(self.kept.values())

    def add(self, name, language="en_US", status="APPROVED", text="Hello, it is time.", **more):
        """As if somebody had made it in the provider's console."""
        body = {"type": "BODY", "text": text}
        return self._keep(name, language, more.pop("category", "UTILITY"), [body], status, more)

    def create(self, body):
        name, language = body.get("name", ""), body.get("language")
        need(NAME.fullmatch(name), 100, None, "name: lower case, digits and underscores")
        need(language, 100, None, "language is given")
        category = str(body.get("category", "")).upper()
        need(category in CATEGORIES, 100, None, "category is one of three")
        need(len(self.kept) < self.most, 100, 2388019, "the limit of templates is reached")
        need(not self.named(name, language), 100, 2388024, "the name has this language already")
        self._check(body.get("components"), category)
        more = {"parameter_format": body.get("parameter_format", "POSITIONAL").upper()}
        return self._keep(name, language, category, body["components"], "PENDING", more)

    def edit(self, template_id, body):
        kept = self.kept[template_id]
        need(kept.status in EDITABLE, 100, None, f"a {kept.status} template is not edited")
        approved = kept.status == "APPROVED"
        need(not (approved and kept.edited), 100, None, "an approved one is edited once a day")
        same = body.get("category", kept.category).upper() == kept.category
        need(same or not approved, 100, None, "an approved one's category stays")
        unknown = set(body) - {"category", "components", "message_send_ttl_seconds"}
        need(not unknown, 100, None, f"{unknown} is not edited")
        self._check(body.get("components"), kept.category)
        kept.components, kept.status = body["components"], "PENDING"
        kept.category = body.get("category", kept.category).upper()
        kept.edited += approved
        return kept

    def delete(self, name, template_id=None):
        found = [one for one in self if one.name == name and template_id in (None, one.id)]
        need(found, 100, 2593002, "there is such a template")
        need(all(one.status != "DISABLED" for one in found), 100, None, "a disabled one stays")
        for one in found:
            del self.kept[one.id]

    def named(self, name, language=None):
        fitting = (one for one in self if one.name == name and language in (None, one.language))
        return next(fitting, None)

    def _keep(self, name, language, category, components, status, more):
        template_id = f"{self.series}{next(self._numbers)}"
        kept = Kept(template_id, name, language, category, components, status=status, **more)
        self.kept[template_id] = kept
        return kept

    def _check(self, components, category):
        need(isinstance(components, list), 100, None, "components is a list")
        parts = {part.get("type"): part for part in components}
        need(len(parts) == len(components), 100, None, "each component stands once")
        need("BODY" in parts, 100, 2388072, "there is a body")
        if category != "AUTHENTICATION":
            self._check_body(parts["BODY"])
        self._check_header(parts.get("HEADER"))
        footer = parts.get("FOOTER", {}).get("text", "")
        need(
            len(footer) <= 60 and "{{" not in footer, 100, 2388073, "footer: 60 signs, no variable"
        )
        buttons = parts.get("BUTTONS", {}).get("buttons", [])
        need(len(buttons) <= 10, 100, None, "up to ten buttons")
        need(all(len(one.get("text", "")) <= 25 for one in buttons), 100, None, "a button's text")

    def _check_body(self, body):
        text = body.get("text", "")
        need(text, 100, 2388072, "the body has a text")
        need(len(text) <= 1024, 100, 2388040, "a body has up to 1024 signs")
        at_edge = re.search(r"^\s*\{\{|\}\}\s*$", text)
        need(not at_edge, 100, 2388299, "no variable at the start or end of the body")
        names = VARIABLE.findall(text)
        named = [
            one["param_name"] for one in body.get("example", {}).get("body_text_named_params", [])
        ]
        listed = (body.get("example", {}).get("body_text") or [[]])[0]
        count = len(named) or len(listed)
        need(len(set(names)) == count, 100, 2388072, "every variable of the body has an example")

    def _check_header(self, header):
        if not header:
            return
        if header.get("format") == "TEXT":
            need(0 < len(header.get("text", "")) <= 60, 100, 2388047, "a header has up to 60 signs")
        elif header.get("format") != "LOCATION":
            handles = header.get("example", {}).get("header_handle", [])
            known = handles and set(handles) <= self.handles
            need(known, 100, 2388047, "a file in the header was uploaded before")
