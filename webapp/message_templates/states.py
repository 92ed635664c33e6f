"""A template's state moves here alone: by news, by a sync, by what we asked for ourselves.

News comes twice and in any order, in whole seconds. Each aspect has its own mark: what is older
changes nothing, and of two states of the same second the one that forbids more counts.
"""

from datetime import timedelta

from webapp.live import push
from webapp.message_templates import leaving, reasons
from webapp.message_templates.models import TemplateStatus
from webapp.providers.templates import status_of

ROOM = "templates"
# From what a later one of the same second overrules; a word that is not here stands before those
# that stop.
_ORDER = (
    "PENDING",
    "IN_APPEAL",
    "APPROVED",
    "UNARCHIVED",
    "REINSTATED",
    "LOCKED",
    "FLAGGED",
    "",
    "LIMIT_EXCEEDED",
    "SUBMISSION_REJECTED",
    "REJECTED",
    "PAUSED",
    "ARCHIVED",
    "DISABLED",
    "PENDING_DELETION",
    "DELETED",
)
_PAUSES = {"FIRST_PAUSE": timedelta(hours=3), "SECOND_PAUSE": timedelta(hours=6)}


def to_second(moment):
    """Providers cut to seconds: our own marks must not stand above their news of that second."""
    return moment.replace(microsecond=0)


def is_news(template, word, at):
    """Whether the provider's word of that time is later than what we have."""
    if "DELETED" in (word, template.provider_status):
        # Whatever the clocks say, what is gone is not about to go.
        other = template.provider_status if word == "DELETED" else word
        if other == "PENDING_DELETION":
            return word == "DELETED"
    if template.status_at is None:
        return True
    known = template.provider_status or ""
    return (to_second(at), _rank(word), word) > (to_second(template.status_at), _rank(known), known)


def _rank(word):
    return _ORDER.index(word if word in _ORDER else "")


def move(template, word, at, **told):
    """Take the provider's word as the template's state. `told`: reason, pause, detail and
    recommendation, as the provider has them."""
    status = status_of(word)
    template.provider_status, template.status_at = word[:40], at
    if word not in ("PENDING_DELETION", "DELETED") and wanted_gone(template):
        return  # we asked for its end, and are not answered yet
    template.reason, template.recommendation = (
        text or None for text in reasons.explained(status, word, **told)
    )
    pause = _PAUSES.get(told.get("pause"))
    template.paused_until = at + pause if pause and status == TemplateStatus.PAUSED else None
    template.deleted_at = at if status == TemplateStatus.DELETED else None
    set_status(template, status)


def set_status(template, status, why=""):
    """What stands in the list, the pickers and the gate."""
    before, template.status = template.status, status
    if before == TemplateStatus.APPROVED and status != TemplateStatus.APPROVED:
        leaving.left_approved(template, why or template.reason or "It is reviewed by WhatsApp.")
    elif status == TemplateStatus.APPROVED and before != TemplateStatus.APPROVED:
        leaving.approved_again(template)
    push.changed(ROOM, ids=[template.id])


def wanted_gone(template):
    """Whether we asked for its deletion and the provider did not answer yet."""
    return (
        template.status == TemplateStatus.PENDING_DELETION
        and template.provider_status != "PENDING_DELETION"
    )


def as_provider_has_it(template):
    """Back to the provider's word, after what we asked for came to nothing."""
    word = template.provider_status
    set_status(template, status_of(word) if word else TemplateStatus.DRAFT)
