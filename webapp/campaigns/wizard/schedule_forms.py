"""When a campaign goes out, as it is being typed; days and times are of the viewer's clock."""

import dataclasses
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import available_timezones

from webapp import words
from webapp.campaigns.models import StartMode, ZoneMode
from webapp.columns import id_of, number_of, utcnow

OWN = "own"  # hours that are made for this campaign
FASTEST = 60_000  # messages a minute: Meta's highest throughput
MOST_HOURS, MOST_TRIES, MOST_WARM_UP = 14 * 24, 10, 100_000
LONGEST_RESPONSE = 30 * 24 * 60  # minutes
UNITS = {"hours": 60, "days": 24 * 60}
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00")
NAMES = (
    "start_mode", "day", "time", "end_day", "end_time", "interval", "own_from", "own_until",
    "saturday_from",
    "saturday_until", "zone", "pace", "spread_hours", "warm_up", "warm_up_minutes", "again",
    "response", "response_unit", "reply_queue", "stop_word", "failed_percent", "failed_of",
    "opt_out_percent", "blocked_percent", "queue_waiting", "queue_wait_minutes",
)  # fmt: skip
SWITCHES = ("failed", "opt_out", "blocked", "waiting", "wait_long", "quality_low")


@dataclass
class Schedule:
    values: dict = dataclasses.field(default_factory=dict)
    switches: dict = dataclasses.field(default_factory=dict)
    errors: dict = dataclasses.field(default_factory=dict)

    def __getattr__(self, name):
        if name in NAMES:
            return self.values.get(name, "")
        if name in SWITCHES:
            return self.switches.get(name, False)
        raise AttributeError(name)

    def checked(self, interval_ids, queue_ids, before):
        """What `drafting.save` takes; None with `errors` filled where something is wrong.

        `before` is the draft as it stands. `interval_id` may be OWN: then `own_hours` says what is
        to be made.
        """
        self.errors = {}
        mode = self.start_mode if self.start_mode in tuple(StartMode) else StartMode.NOW
        start_at = self._start_at(mode)
        wanted = {
            "start_mode": mode,
            "start_at": start_at,
            "end_at": self._end_at(),
            "interval_id": self._chosen("interval", interval_ids, OWN),
            **self._zone(before, start_at),
            **self._pace(),
            "most_tries": 1 + (self._number("again", 0, MOST_TRIES - 1) or 0),
            "response_minutes": self._response(),
            "reply_queue_id": self._chosen("reply_queue", queue_ids),
            "obeys_stop": self.stop_word != "nothing",
            "stop_rules": self._stop_rules(),
        }
        self._check_order(wanted)
        return None if self.errors else wanted

    def own_hours(self):
        """Spans of [starts, ends, week days] for hours of its own; errors where one is wrong."""
        week = self._span("own_from", "own_until", [0, 1, 2, 3, 4])
        saturday = []
        if self.saturday_from or self.saturday_until:
            saturday = self._span("saturday_from", "saturday_until", [5])
        return [*week, *saturday]

    def _start_at(self, mode):
        if mode == StartMode.NOW:
            return None
        if not self.day or not self.time:
            return None  # said later: a draft may be left half done
        return self._moment("day", f"{self.day}T{self.time}")

    def _end_at(self):
        """Without a time the whole day is meant."""
        if not self.end_day:
            return None
        return self._moment("end_day", f"{self.end_day}T{self.end_time or '23:59'}")

    def _moment(self, name, text):
        if not text:
            return None
        try:
            local = datetime.fromisoformat(text)
            return local.replace(tzinfo=words.zone()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.errors[name] = "Write a day and a time, such as 1 Dec 2026 18:00."
            return None

    def _chosen(self, name, known, *others):
        text = getattr(self, name)
        if not text or text in others:
            return text or None
        if id_of(text) not in known:
            self.errors[name] = "This one is gone. Choose another."
        return id_of(text)

    def _zone(self, before, start_at):
        """Days and hours without a contact's own zone are by the clock of whoever said the start;
        others may save the step without theirs taking its place."""
        if self.zone and self.zone not in available_timezones():
            self.errors["zone"] = "Choose a zone from the list."
        stays = before.zone_mode == ZoneMode.CONTACT and before.start_at == start_at
        return {
            "zone_mode": ZoneMode.FIXED if self.zone else ZoneMode.CONTACT,
            "time_zone": self.zone or (stays and before.time_zone) or words.zone().key,
        }

    def _pace(self):
        warm_up = self._number("warm_up", 1, MOST_WARM_UP)
        minutes = self._number("warm_up_minutes", 1, 24 * 60)
        found = {
            "pace": self._number("pace", 1, FASTEST),
            "spread_hours": self._number("spread_hours", 1, MOST_HOURS),
            "warm_up_count": warm_up,
            "warm_up_minutes": (minutes or 15) if warm_up else None,
        }
        if found["pace"] and found["spread_hours"]:
            self.errors["spread_hours"] = "Write a pace or hours, not both."
        return found

    def _response(self):
        unit = UNITS.get(self.response_unit, 60)
        number = self._number("response", 1, LONGEST_RESPONSE // unit)
        if number is None and "response" not in self.errors:
            self.errors["response"] = "Write how long a reply counts: an hour at least."
        return (number or 1) * unit

    def _stop_rules(self):
        found = {}
        if self.failed:
            found["failed_percent"] = self._needed("failed_percent", 1, 100)
            found["failed_of"] = self._needed("failed_of", 20, 10_000)
        if self.opt_out:
            found["opt_out_percent"] = self._needed("opt_out_percent", 1, 100)
        if self.blocked:
            found["blocked_percent"] = self._needed("blocked_percent", 1, 100)
        if self.waiting:
            found["queue_waiting"] = self._needed("queue_waiting", 1, 10_000)
        if self.wait_long:
            minutes = self._needed("queue_wait_minutes", 1, 24 * 60)
            found["queue_wait_seconds"] = (minutes or 0) * 60
        if self.quality_low:
            found["quality_low"] = True
        return found

    def _needed(self, name, least, most):
        number = self._number(name, least, most)
        if number is None:
            self.errors.setdefault(name, f"Write a number from {least:,} to {most:,}.")
        return number

    def _number(self, name, least, most):
        text = getattr(self, name).strip()
        if not text:
            return None
        number = number_of(text)
        if number is None or not least <= number <= most:
            self.errors[name] = f"Write a number from {least:,} to {most:,}."
            return None
        return number

    def _span(self, starts, ends, days):
        first, last = (getattr(self, name).strip().zfill(5) for name in (starts, ends))
        if not CLOCK.fullmatch(first) or not CLOCK.fullmatch(last) or first >= last:
            self.errors[starts] = "Write times like 09:00, the later one second."
            return []
        return [(first, last, days)]

    def _check_order(self, wanted):
        begins, ends = wanted["start_at"], wanted["end_at"]
        if ends and ends <= (begins or utcnow()):
            self.errors["end_day"] = "It would end before it starts. Choose a later end."


def typed_from(campaign):
    rules, start, end = (
        campaign.stop_rules or {},
        _local(campaign.start_at),
        _local(campaign.end_at),
    )
    unit = "days" if campaign.response_minutes % UNITS["days"] == 0 else "hours"
    values = {
        "start_mode": campaign.start_mode,
        "day": f"{start:%Y-%m-%d}" if start else "",
        "time": f"{start:%H:%M}" if start else "",
        "end_day": f"{end:%Y-%m-%d}" if end else "",
        "end_time": f"{end:%H:%M}" if end else "",
        "interval": campaign.interval_id,
        "own_from": "09:00",
        "own_until": "19:00",
        "zone": campaign.time_zone if campaign.zone_mode == ZoneMode.FIXED else "",
        "pace": campaign.pace,
        "spread_hours": campaign.spread_hours,
        "warm_up": campaign.warm_up_count,
        "warm_up_minutes": campaign.warm_up_minutes or 15,
        "again": campaign.most_tries - 1,
        "response": campaign.response_minutes // UNITS[unit],
        "response_unit": unit,
        "reply_queue": campaign.reply_queue_id,
        "stop_word": "opt_out" if campaign.obeys_stop else "nothing",
        "failed_percent": rules.get("failed_percent", 5),
        "failed_of": rules.get("failed_of", 200),
        "opt_out_percent": rules.get("opt_out_percent", 3),
        "blocked_percent": rules.get("blocked_percent", 2),
        "queue_waiting": rules.get("queue_waiting", 15),
        "queue_wait_minutes": rules.get("queue_wait_seconds", 120) // 60,
    }
    switches = {
        "failed": "failed_percent" in rules,
        "opt_out": "opt_out_percent" in rules,
        "blocked": "blocked_percent" in rules,
        "waiting": "queue_waiting" in rules,
        "wait_long": "queue_wait_seconds" in rules,
        "quality_low": "quality_low" in rules,
    }
    return Schedule({name: _text(value) for name, value in values.items()}, switches)


def typed_in(posted):
    return Schedule(
        {name: posted.get(name, "") for name in NAMES},
        {name: name in posted for name in SWITCHES},
    )


def _local(at):
    return at.astimezone(words.zone()) if at else None


def _text(value):
    return "" if value is None else str(value)
