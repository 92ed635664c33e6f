"""News about templates, the number, the account, and people's wishes (Meta's other fields)."""

from ..base import AccountRef, AccountUpdate, PreferenceChange, Severity, TemplateUpdate
from ..meanings import BLOCKING
from ..reading import dict_of, digits_of, list_of, moment_of, text_of
from .errors import fault_of
from .meanings import meaning_of
from .messages import Surroundings
from .people import person

TEMPLATE_FIELDS = {
    "message_template_status_update",
    "message_template_quality_update",
    "message_template_components_update",
    "template_category_update",
}
ACCOUNT_FIELDS = {
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "business_capability_update",
    "business_username_update",
    "messaging_handovers",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
}
# Subscribed by mistake or by another product; nothing here is of use to a contact centre.
HARMLESS_FIELDS = {
    "automatic_events",
    "calls",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "partner_solutions",
    "payment_configuration_update",
    "smb_app_state_sync",
    "template_correct_category_detection",
    "tracking_events",
}


def template_update(value: dict, around: Surroundings) -> list:
    template_id = text_of(value.get("message_template_id"))
    name = text_of(value.get("message_template_name"))
    change = _change(value)
    if not change or not (template_id or name):
        return [around.unsupported(value, "Template news that names no template or no change.")]
    # Written en_US here and en-US there.
    language = text_of(value.get("message_template_language")).replace("-", "_")
    ref = around.account_ref
    return [TemplateUpdate(ref, template_id, name, language, change, around.at, value)]


def _change(value):
    # By what is there, not by the field: Meta's own sample sends quality news as a status update.
    if "new_quality_score" in value:
        return {
            "what": "quality",
            "quality": text_of(value.get("new_quality_score")),
            "previous": text_of(value.get("previous_quality_score")),
        }
    if "correct_category" in value:
        return {
            "what": "category_announced",
            "category": text_of(value.get("correct_category")),
            "previous": text_of(value.get("new_category")),
            "takes_effect": text_of(value.get("category_update_timestamp")),
        }
    if "new_category" in value:
        return {
            "what": "category",
            "category": text_of(value.get("new_category")),
            "previous": text_of(value.get("previous_category")),
        }
    if "message_template_element" in value:
        return {
            "what": "components",
            "header": text_of(value.get("message_template_title")),
            "body": text_of(value.get("message_template_element")),
            "footer": text_of(value.get("message_template_footer")),
            "buttons": list_of(value.get("message_template_buttons")),
        }
    return _status_change(value) if text_of(value.get("event")) else {}


def _status_change(value):
    reason = text_of(value.get("reason"))
    rejection, other = dict_of(value.get("rejection_info")), dict_of(value.get("other_info"))
    return {
        "what": "status",
        "status": text_of(value.get("event")).upper(),
        "reason": "" if reason == "NONE" else reason,
        "category": text_of(value.get("message_template_category")),
        "detail": text_of(rejection.get("reason")) or text_of(other.get("description")),
        "recommendation": text_of(rejection.get("recommendation")),
        "pause": text_of(other.get("title")),
    }


def account_update(value: dict, around: Surroundings) -> list:
    kind = around.field
    event = text_of(value.get("event"))
    if kind == "account_update" and event:
        kind = event.lower()
    ref = _narrowed(around.account_ref, value)
    at = moment_of(value.get("timestamp"), around.at)
    return [AccountUpdate(ref, kind, value, _severity(around.field, value), at, value)]


def _narrowed(ref, value):
    """News about one number says which; most know only its digits, not its id."""
    number = dict_of(value.get("recipient"))
    return AccountRef(
        ref.phone_number_id or text_of(number.get("phone_number_id")) or None,
        ref.waba_id,
        digits_of(value.get("display_phone_number"))
        or digits_of(number.get("display_phone_number"))
        or ref.display_phone,
    )


_BY_EVENT = {
    "ACCOUNT_RESTRICTION": Severity.CRITICAL,
    "ACCOUNT_DELETED": Severity.CRITICAL,
    "ACCOUNT_OFFBOARDED": Severity.CRITICAL,
    "PARTNER_REMOVED": Severity.CRITICAL,
    "PARTNER_APP_UNINSTALLED": Severity.CRITICAL,
    "ACCOUNT_VIOLATION": Severity.WARNING,
    "FLAGGED": Severity.WARNING,
    "DOWNGRADE": Severity.WARNING,
    "PIN_CHANGED": Severity.WARNING,
    "PIN_RESET_REQUEST": Severity.WARNING,
}


def _severity(field, value):
    event = text_of(value.get("event"))
    if event == "DISABLED_UPDATE":
        state = text_of(dict_of(value.get("ban_info")).get("waba_ban_state"))
        return Severity.INFO if state == "REINSTATE" else Severity.CRITICAL
    if field == "account_alerts":
        return _alert_severity(dict_of(value.get("alert_info")))
    if value.get("decision") == "REJECTED":
        return Severity.WARNING
    return _BY_EVENT.get(event, Severity.INFO)


def _alert_severity(alert):
    if text_of(alert.get("alert_status")) == "NONE":
        return Severity.INFO
    given = text_of(alert.get("alert_severity"))
    return {"CRITICAL": Severity.CRITICAL, "WARNING": Severity.WARNING}.get(given, Severity.INFO)


def account_error(error: dict, around: Surroundings) -> list:
    """An error about the number as a whole, not about one message."""
    fault = fault_of(error)
    detail = {
        "code": fault.code,
        "title": fault.title,
        "detail": fault.detail,
        "reason": fault.reason,
        "action": fault.action,
    }
    kind = "history_declined" if fault.code == "2593109" else "error"
    severity = Severity.INFO if kind == "history_declined" else _error_severity(error)
    return [AccountUpdate(around.account_ref, kind, detail, severity, around.at, error)]


def _error_severity(error):
    blocked = meaning_of(error.get("code")).kind in BLOCKING
    return Severity.CRITICAL if blocked else Severity.WARNING


def preference(wish: dict, around: Surroundings) -> list:
    who = person(wish.get("wa_id"), wish.get("user_id"))
    value, category = text_of(wish.get("value")), text_of(wish.get("category"))
    if not who or value not in ("stop", "resume"):
        return [around.unsupported(wish, "A preference we do not know.")]
    at = moment_of(wish.get("timestamp"), around.at)
    return [PreferenceChange(around.account_ref, who, category, value, at, wish)]
