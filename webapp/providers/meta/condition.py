"""How a number stands with Meta: its state, health, quality, and how much it may send."""

import math

from ..base import CheckLine
from ..reading import dict_of, list_of, number_of, text_of

MANAGER = "Open the number in WhatsApp Manager."
_WELL = {"", "CONNECTED"}
_TROUBLED = {
    "BANNED": "Meta has banned this number",
    "DELETED": "The number was deleted at Meta",
    "DISCONNECTED": "The number is not connected to the Cloud API",
    "FLAGGED": "Meta has flagged the number for low quality",
    "MIGRATED": "The number was moved to another account",
    "OFFLINE": "The number is offline",
    "PENDING": "The number is not registered yet",
    "RATE_LIMITED": "The number is rate limited for now",
    "RESTRICTED": "Meta restricts what this number may send",
    "UNVERIFIED": "The number is not verified yet",
}
_QUALITIES = {"GREEN": "Green", "YELLOW": "Yellow", "RED": "Red"}
STANDARD, HIGH = 80, 1000  # messages a second, in and out together
_THROUGHPUTS = {
    "STANDARD": f"{STANDARD} messages a second",
    "HIGH": f"{HIGH:,} messages a second",
}
_WITHOUT_LIMIT = "any number of people in 24 hours"


def lines_of(number: dict):
    """`number` as Meta describes it; what it does not mention gives no line."""
    state = text_of(number.get("status")).upper()
    if state not in _WELL:
        message = _TROUBLED.get(state, f"Meta says the number is {state.lower()}")
        yield CheckLine("State", False, f"{message}.", MANAGER)
    for entity in list_of(dict_of(number.get("health_status")).get("entities")):
        yield from _entity_faults(dict_of(entity))
    yield from _quality(text_of(number.get("quality_rating")).upper())
    yield from _limits(number)


def _entity_faults(entity):
    if text_of(entity.get("can_send_message")) in ("", "AVAILABLE"):
        return
    what = text_of(entity.get("entity_type")).replace("_", " ").lower() or "account"
    errors = [error for error in list_of(entity.get("errors")) if isinstance(error, dict)]
    for error in errors or [{}]:
        description = text_of(error.get("error_description")) or "Sending is limited."
        mend = text_of(error.get("possible_solution")) or "Open it in WhatsApp Manager."
        yield CheckLine("Health", False, f"Meta about the {what}: {description}", mend)


def _quality(rating):
    if not rating:
        return
    words = _QUALITIES.get(rating, "Not rated yet")
    facts = {"quality": words}
    if rating == "RED":
        message = "Meta rates the quality of this number red: people block or report it."
        mend = "Stop campaigns, and look at what people complained about in WhatsApp Manager."
        yield CheckLine("Quality", False, message, mend, facts)
    else:
        yield CheckLine("Quality", True, f"Quality: {words.lower()}.", "", facts)


def _limits(number):
    reach = limit_in_words(number.get("whatsapp_business_manager_messaging_limit"))
    level = text_of(dict_of(number.get("throughput")).get("level")).upper()
    pace = _THROUGHPUTS.get(level, "")
    if not reach and not pace:
        return
    said = ", ".join(filter(None, (reach, pace)))
    facts = {"messaging_limit": reach, "throughput": pace}
    yield CheckLine("Limits", True, f"{said[:1].upper()}{said[1:]}.", "", facts)


def limit_in_words(tier) -> str:
    most = limit_of(tier)
    if most is None:
        return ""
    return _WITHOUT_LIMIT if most == math.inf else f"{most:,.0f} people in 24 hours"


def limit_of(tier) -> float | None:
    """People in 24 hours, of "TIER_10K", 10000, "-1" and whatever else Meta writes for it, or of
    our words; None where they tell nothing."""
    text = text_of(tier).strip()
    if text == _WITHOUT_LIMIT or text.upper() in ("TIER_UNLIMITED", "UNLIMITED", "-1"):
        return math.inf
    figure = text.partition(" ")[0].replace(",", "").upper().removeprefix("TIER_")
    count = number_of(figure.removesuffix("K"))
    if count is None or count <= 0:
        return None
    return count * (1000 if figure.endswith("K") else 1)


def throughput_of(words) -> int:
    """Messages a second, of Meta's level or our words for it."""
    return HIGH if words in ("HIGH", _THROUGHPUTS["HIGH"]) else STANDARD
