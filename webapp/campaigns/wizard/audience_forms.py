"""The audience as it is being typed: right or wrong, nothing typed gets lost."""

import dataclasses
from dataclasses import dataclass

from webapp.campaigns.audience import conditions, selection
from webapp.columns import id_of, number_of

LONGEST_NAME = 120
LONGEST_QUIET = 365
IDS = ("list_ids", "tag_ids", "filter_ids", "exclude_list_ids", "exclude_tag_ids")
SWITCHES = ("skip_open", "consent_only")
MANY = ("choice", "tag")  # kinds of field whose value is a list
MOST_TICKED = 12  # choices; of more than these one writes the names


@dataclass
class Row:
    """One condition as typed."""

    field: str = "language"
    op: str = "one_of"
    values: list = dataclasses.field(default_factory=list)

    @property
    def text(self):
        return ", ".join(self.values)


@dataclass
class Audience:
    name: str = ""
    account_id: str = ""
    ids: dict = dataclasses.field(default_factory=lambda: {name: [] for name in IDS})
    rows: list = dataclasses.field(default_factory=list)
    once: str = "first"
    quiet_days: str = ""
    skip_open: bool = True
    consent_only: bool = True
    find: str = ""
    errors: dict = dataclasses.field(default_factory=dict)

    def checked(self, accounts):
        """What `drafting.save` takes; None with `errors` filled where something is wrong.

        `accounts` are those that may be chosen.
        """
        self.errors = {}
        wanted = {
            "name": self._name(),
            "account_id": self._account(accounts),
            "audience": {
                **{name: sorted(self.ids[name]) for name in IDS},
                "conditions": self._conditions(),
                "once": self._once(),
                "quiet_days": self._quiet_days(),
                **{name: getattr(self, name) for name in SWITCHES},
            },
        }
        return None if self.errors else wanted

    @property
    def fields(self):
        """What a condition may be about, by key."""
        return {one.key: one for one in conditions.fields_for(self.ids["list_ids"])}

    def pressed(self, change):
        """What a button did: another condition, one less, or another field in one of them."""
        verb, _, number = change.partition(" ")
        place = number_of(number)
        if verb == "add" and len(self.rows) < conditions.MOST:
            self.rows.append(Row())
        elif place is not None and place < len(self.rows):
            if verb == "drop":
                del self.rows[place]
            elif verb == "field":
                self.rows[place] = Row(self.rows[place].field, "")
        fields = self.fields
        for row in self.rows:
            ops = [op for op, _ in fields[row.field].operators] if row.field in fields else ()
            if ops and row.op not in ops:
                row.op = ops[0]

    def _name(self):
        name = " ".join(self.name.split())
        if not name:
            self.errors["name"] = "Write a name."
        elif len(name) > LONGEST_NAME:
            self.errors["name"] = f"At most {LONGEST_NAME} characters."
        return name

    def _account(self, accounts):
        chosen = id_of(self.account_id)
        if self.account_id and chosen not in {one.id for one in accounts}:
            self.errors["account_id"] = "Choose an account that can send campaigns."
        return chosen

    def _once(self):
        return self.once if self.once in selection.ONCE else "first"

    def _quiet_days(self):
        text = self.quiet_days.strip()
        if text in ("", "0"):
            return None
        days = number_of(text)
        if days is None or days > LONGEST_QUIET:
            self.errors["quiet_days"] = f"Write days as a number up to {LONGEST_QUIET}."
            return None
        return days

    def _conditions(self):
        fields, found = self.fields, []
        for place, row in enumerate(self.rows):
            many = row.field in fields and fields[row.field].kind in MANY
            value = row.values if many else row.text
            try:
                found.append(conditions.checked({"field": row.field, "op": row.op, "value": value}))
            except ValueError as error:
                self.errors[f"condition-{place}"] = str(error)
        return found


def typed_from(campaign):
    kept = campaign.audience or {}
    return Audience(
        name=campaign.name,
        account_id=str(campaign.account_id or ""),
        ids={name: list(kept.get(name, ())) for name in IDS},
        rows=[_row_of(one) for one in kept.get("conditions", ())],
        once=kept.get("once", "first"),
        quiet_days=str(kept.get("quiet_days") or ""),
        **{name: kept.get(name, True) for name in SWITCHES},
    )


def typed_in(posted):
    """What the page holds, as it was typed."""
    return Audience(
        name=posted.get("name", ""),
        account_id=posted.get("account_id", ""),
        ids={name: _ids(posted.getlist(name)) for name in IDS},
        rows=[_row_in(posted, n) for n in posted.getlist("condition")[: conditions.MOST]],
        once=posted.get("once", ""),
        quiet_days=posted.get("quiet_days", ""),
        find=posted.get("find", ""),
        **{name: name in posted for name in SWITCHES},
    )


def _row_of(condition):
    value = condition["value"]
    values = value if isinstance(value, list) else [] if value is None else [value]
    return Row(condition["field"], condition["op"], [str(one) for one in values])


def _row_in(posted, n):
    given = posted.getlist(f"condition-{n}-value")
    written = ",".join(posted.getlist(f"condition-{n}-names")).split(",")
    values = [one.strip() for one in (*given, *written) if one.strip()]
    return Row(posted.get(f"condition-{n}-field", ""), posted.get(f"condition-{n}-op", ""), values)


def _ids(texts):
    return sorted({number for text in texts if (number := id_of(text)) is not None})
