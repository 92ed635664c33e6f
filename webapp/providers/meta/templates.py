"""Templates of a WABA at Meta: listed, made, changed, deleted.

developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
"""

import time
from collections.abc import Iterator

from ..answers import about_templates
from ..base import OutcomeUnknown, ProviderError, TemplateDraft, TemplateState
from ..reading import clean, dict_of, text_of
from ..templates import category_of, language_of, quality_of, status_of, word_of
from . import samples
from .errors import usage_of
from .graph import Graph
from .meanings import TEMPLATE_GONE

PLACE = "message_templates"
FIELDS = (
    "id,name,status,category,language,components,parameter_format,quality_score,rejected_reason,"
    "previous_category"
)
EDITED = ("category", "components", "message_send_ttl_seconds")
FEWER_FIELDS = "id,name,status,category,language,components"  # every version knows these
PAGE = 100
BAD_CURSOR = "131059"
SLOW_FROM, STOP_AT = 75, 100  # percent of the calls Meta allows in an hour
PAUSE = 2.0  # seconds before the next page from SLOW_FROM on


def listed(graph: Graph, pause=time.sleep) -> Iterator[TemplateState]:
    """Each template once, however often the list had to be begun anew."""
    seen = set()
    for item in _items(graph, pause):
        state = state_of(item)
        if state.id not in seen:
            seen.add(state.id)
            yield state


def _items(graph, pause):
    try:
        yield from _pages(graph, FIELDS, pause)
    except ProviderError as error:
        # A cursor may run out on the way; one unknown field fails the whole call.
        again = {BAD_CURSOR: FIELDS, "100": FEWER_FIELDS}.get(error.code)
        if again is None:
            raise
        yield from _pages(graph, again, pause)


def _pages(graph, fields, pause):
    after, had = "", set()
    while after not in had:
        had.add(after)
        cursor = {"after": after} if after else {}
        answer = graph.read(_edge(graph), fields=fields, limit=PAGE, **cursor)
        data = clean(answer.data)
        if not isinstance(data.get("data"), list):
            raise ProviderError("Meta answered without a list of templates", permanent=False)
        yield from (item for item in data["data"] if isinstance(item, dict))
        paging = dict_of(data.get("paging"))
        after = text_of(dict_of(paging.get("cursors")).get("after"))
        if not (paging.get("next") and after):
            return
        _hold_back(usage_of(answer), pause)


def _hold_back(used, pause):
    if used >= STOP_AT:
        reason = "Meta's calls for this hour are used up"
        raise ProviderError(reason, permanent=False, code="80007", account_wide=True)
    if used >= SLOW_FROM:
        pause(PAUSE)


def state_of(item: dict) -> TemplateState:
    score = item.get("quality_score")
    reason = word_of(item.get("rejected_reason"))
    components = item.get("components")
    return TemplateState(
        id=text_of(item.get("id")),
        name=text_of(item.get("name")),
        language=language_of(item.get("language")),
        status=status_of(item.get("status")),
        provider_status=word_of(item.get("status")),
        category=category_of(item.get("category")),
        components=components_of(components) if isinstance(components, list) else None,
        parameter_format=text_of(item.get("parameter_format")).lower(),
        quality=quality_of(dict_of(score).get("score") or score) if score else "",
        reason="" if reason == "NONE" else reason,
        previous_category=category_of(item.get("previous_category")),
    )


def components_of(components: list) -> list[dict]:
    return [
        {**part, "type": text_of(part.get("type")).upper()}
        for part in components
        if isinstance(part, dict)
    ]


def create(graph: Graph, draft: TemplateDraft) -> TemplateState:
    body = payload_of(draft, samples.handle_of(graph, draft.sample))
    with about_templates():
        answer = graph.post(_edge(graph), body)
    return made_of(answer, draft, "Meta")


def payload_of(draft: TemplateDraft, handle: str = "") -> dict:
    """The body of a creation; Kaleyra's newer interface takes the same."""
    body = {
        "name": draft.name,
        "language": draft.language,
        "category": draft.category.upper(),
        "parameter_format": draft.parameter_format.upper(),
        "components": [_with_sample(part, handle) for part in draft.components],
    }
    return body if draft.ttl is None else {**body, "message_send_ttl_seconds": draft.ttl}


def _with_sample(part, handle):
    if handle and text_of(part.get("type")).upper() == "HEADER":
        return {**part, "example": {"header_handle": [handle]}}
    return part


def made_of(answer, draft, label) -> TemplateState:
    """What the answer to a creation says; WhatsApp may have chosen another category."""
    data = dict_of(clean(answer.data))
    template_id, status = text_of(data.get("id")), data.get("status") or "PENDING"
    if not template_id:
        reason = f"{label} answered HTTP {answer.status} without the template's id"
        raise OutcomeUnknown(reason)
    return TemplateState(
        id=template_id,
        name=draft.name,
        language=draft.language,
        status=status_of(status),
        provider_status=word_of(status),
        category=category_of(data.get("category")) or draft.category,
        parameter_format=draft.parameter_format,
    )


def edit(graph: Graph, draft: TemplateDraft) -> TemplateState:
    body = payload_of(draft, samples.handle_of(graph, draft.sample))
    # Name, language and the way variables are written never change; nor does an approved one's
    # category, which is left out then.
    changed = {key: body[key] for key in EDITED if body.get(key)}
    with about_templates():
        answer = graph.post((draft.provider_id or "",), changed)
    if dict_of(answer.data).get("success") is False:
        raise ProviderError("Meta did not take the change", permanent=False)
    return TemplateState(
        id=draft.provider_id or "",
        name=draft.name,
        language=draft.language,
        status=status_of("PENDING"),
        provider_status="PENDING",
        category=draft.category,
    )


def delete(graph: Graph, provider_id: str, name: str, all_languages: bool) -> None:
    """One language by its id, or all of a name. Done twice it is done once."""
    which = {} if all_languages else {"hsm_id": provider_id}
    if not (all_languages or provider_id):
        raise ProviderError("The template's id at Meta is not known", permanent=True)
    try:
        graph.delete(_edge(graph), **which, name=name)
    except ProviderError as error:
        if error.code != str(TEMPLATE_GONE):
            raise
    except OutcomeUnknown as error:
        raise ProviderError(error.reason, permanent=False) from error


def _edge(graph):
    return graph.waba_id, PLACE
