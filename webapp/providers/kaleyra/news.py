"""News that is no message: the number's quality and limit, and a template's review."""

from datetime import datetime

from ..events import AccountRef
from ..meta.account_news import account_update, template_update
from ..meta.messages import Surroundings
from ..reading import text_of
from .decoding import structured
from .flat import account_ref
from .identifiers import time_of

QUALITY = "phone_number_quality_update"


def is_template_news(variables: dict) -> bool:
    named = variables.get("message_template_name") or variables.get("message_template_id")
    return bool(named and variables.get("event"))


def template_news(variables: dict, at: datetime) -> list:
    """developers.kaleyra.io/docs/template-status-update"""
    ref = AccountRef(waba_id=text_of(variables.get("id")) or None)
    around = Surroundings(ref, "message_template_status_update", [], time_of(_time(variables), at))
    value = {**variables, "other_info": structured(variables.get("other_info"))}
    return template_update(value, around)


def is_quality_news(variables: dict) -> bool:
    return bool(variables.get("event")) and "from" not in variables


def quality_news(variables: dict, at: datetime) -> list:
    """developers.kaleyra.io/docs/receive-updates-about-rating-and-limits-using-webhooks"""
    at = time_of(_time(variables), at)
    return account_update(variables, Surroundings(account_ref(variables), QUALITY, [], at))


def _time(variables):
    return variables.get("time") or variables.get("timestamp")
