"""Templates at Kaleyra: listed and made, by either generation of its interface.

developers.kaleyra.io/docs/whatsapp-template-api-v2-create-template and …-get-templates;
developers.kaleyra.io/docs/whatsapp-api-create-whatsapp-template-with-text and
…/whatsapp-api-get-whatsapp-template-status. No page has a call that changes or deletes one.
"""

from collections.abc import Iterator

from ..answers import about_templates
from ..base import ProviderError, TemplateDraft, TemplateState
from ..meta.templates import made_of, payload_of, state_of
from ..reading import clean, dict_of, list_of, text_of
from ..templates import status_of, word_of
from .api import V1, V2, Api
from .flat_templates import fields_of, flat_state

LIST_OF_V1 = ("whatsapp", "templates", "status")
PLACE_OF_V1 = ("whatsapp", "template")
PAGE = 100
MOST_PAGES = 100


def listed(api: Api) -> Iterator[TemplateState]:
    return _of_v2(api) if api.version == V2 else _of_v1(api)


def _of_v1(api):
    """Without the query that names one: all of the SID, whichever number they are for."""
    waba_id = api.credentials.get("waba_id", "")
    for item in _listed_in(api.get(V1, *LIST_OF_V1)):
        state = flat_state(item)
        if state.name and text_of(item.get("waba_id")) in ("", waba_id):
            yield state


def _of_v2(api):
    after, had = "", set()
    for _ in range(MOST_PAGES):
        cursor = {"after": after} if after else {}
        data = api.get(V2, *place_of(api), limit=PAGE, **cursor)
        yield from (state for state in map(state_of, _listed_in(data)) if state.name)
        paging = dict_of(dict_of(data).get("paging"))
        had.add(after)
        after = text_of(dict_of(paging.get("cursors")).get("after"))
        if not (paging.get("next") and after) or after in had:
            return


def place_of(api: Api) -> tuple[str, ...]:
    return "whatsapp", api.credentials.get("waba_id", ""), "message_templates"


def _listed_in(data):
    """An answer without a list says nothing: that all were gone would be a bold conclusion."""
    if not any(isinstance(place, list) for place in _places(data)):
        raise ProviderError("Kaleyra answered without a list of templates", permanent=False)
    return items_in(data)


def items_in(data) -> list[dict]:
    found = next((place for place in _places(data) if isinstance(place, list)), [])
    return [item for item in list_of(found) if isinstance(item, dict)]


def _places(data):
    """The list stands in one of several places (unconfirmed)."""
    inner = dict_of(data).get("data", data)
    return inner, dict_of(inner).get("templates"), dict_of(data).get("templates")


def create(api: Api, draft: TemplateDraft) -> TemplateState:
    # A sample goes as an address there: Kaleyra hands out none of Meta's upload handles.
    sample = draft.sample.url if draft.sample else ""
    with about_templates():
        if api.version == V2:
            payload = payload_of(draft, sample)
            return made_of(api.post_to(V2, *place_of(api), payload=payload), draft, "Kaleyra")
        fields = {**fields_of(draft, sample), "waba_id": api.credentials.get("waba_id", "")}
        return _made_by_v1(api.post_to(V1, *PLACE_OF_V1, payload=fields), draft)


def _made_by_v1(answer, draft):
    """The answer's form is documented nowhere: being taken is all that is sure, the list tells
    the rest."""
    data = dict_of(clean(answer.data))
    inner = dict_of(data.get("data"))
    status = text_of(inner.get("status"))
    if status_of(status) == "unknown":  # "success" and the like speak of the call
        status = "PENDING"
    return TemplateState(
        id=text_of(inner.get("template_id") or inner.get("id")),
        name=draft.name,
        language=draft.language,
        status=status_of(status),
        provider_status=word_of(status),
        category=draft.category,
        parameter_format=draft.parameter_format,
    )


def only_in_console(done):
    return ProviderError(
        f"At Kaleyra a template is {done} in its console only",
        permanent=True,
        action="Do it in Kaleyra's console, then sync the templates here.",
    )
