"""Templates at Meta, against a stand-in that checks the documented rules."""

import io

import pytest

from tests.support.stubs.meta import MetaStub
from webapp.providers.base import OutcomeUnknown, OutgoingFile, ProviderError, TemplateDraft
from webapp.providers.meta import templates

BODY = {
    "type": "BODY",
    "text": "Hi {{first_name}}, see you soon.",
    "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Amara"}]},
}


@pytest.fixture
def stub():
    stub = MetaStub()
    yield stub
    stub.close()


@pytest.fixture
def meta(stub, meta_at):
    return meta_at(stub.url)


def draft(name="visit", components=(BODY,), **more):
    values = {"language": "en_US", "category": "utility", "parameter_format": "named"} | more
    return TemplateDraft(name, components=list(components), **values)


def test_every_page_of_the_list_is_read(stub, meta):
    for n in range(7):
        stub.book.add(f"t{n}", quality="GREEN")

    found = list(meta.templates())

    assert [state.name for state in found] == [f"t{n}" for n in range(7)]
    assert (found[0].status, found[0].quality, found[0].category) == (
        "approved", "green", "utility",
    )  # fmt: skip
    assert stub.broken_rules == []


def test_a_cursor_that_ran_out_begins_the_list_anew_once(stub, meta):
    for n in range(7):
        stub.book.add(f"t{n}")
    stub.bad_cursors = 1
    assert len(list(meta.templates())) == 7

    stub.bad_cursors = 2
    with pytest.raises(ProviderError) as refused:
        list(meta.templates())
    assert refused.value.code == "131059"


def test_used_up_calls_slow_the_list_down_and_stop_it(stub, meta):
    for n in range(7):
        stub.book.add(f"t{n}")
    pauses = []
    stub.usage = 74
    list(templates.listed(meta.graph, pauses.append))
    assert pauses == []
    stub.usage = 80
    list(templates.listed(meta.graph, pauses.append))
    assert pauses == [templates.PAUSE, templates.PAUSE]
    stub.usage = 100
    with pytest.raises(ProviderError) as refused:
        list(meta.templates())
    assert not refused.value.permanent


def test_a_template_is_made_and_waits_for_its_review(stub, meta):
    state = meta.create_template(draft())

    assert (state.status, state.id) == ("pending", next(iter(stub.book)).id)
    assert stub.broken_rules == []


def test_a_picture_in_the_header_is_uploaded_first(stub, meta):
    sample = OutgoingFile(lambda: io.BytesIO(b"\x89PNG..."), "", "image/png", 7, "a.png")
    header = {"type": "HEADER", "format": "IMAGE"}

    meta.create_template(draft(components=(header, BODY), sample=sample))

    made = next(iter(stub.book)).components[0]
    assert set(made["example"]["header_handle"]) == stub.book.handles
    assert stub.broken_rules == []


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"text": "Hi {{first_name}}"}, "2388299", "A variable stands at the start or at the end"),
        ({"text": ""}, "2388072", "refused the template's body"),
        ({"text": "x" * 1025, "example": {}}, "2388040", "too long"),
    ],
)
def test_a_refusal_says_which_part_and_how_to_mend_it(meta, change, code, words):
    with pytest.raises(ProviderError, match=words) as refused:
        meta.create_template(draft(components=({**BODY, **change},)))

    assert (refused.value.code, refused.value.permanent) == (code, True)
    assert refused.value.action.endswith("submit the template again.")


def test_a_bare_refusal_speaks_of_the_template(stub, meta):
    stub.template_answers.append((400, {"error": {"code": 100, "message": "no"}}))
    with pytest.raises(ProviderError) as refused:
        meta.create_template(draft())
    assert "refused part of the template" in refused.value.reason


@pytest.mark.parametrize("code", [4, 80007])
def test_too_many_calls_may_be_made_later(stub, meta, code):
    stub.template_answers.append((400, {"error": {"code": code, "message": "slow"}}))
    with pytest.raises(ProviderError) as refused:
        meta.create_template(draft())
    assert not refused.value.permanent


def test_a_creation_that_got_no_answer_is_in_doubt(stub, meta):
    stub.template_answers.append(None)
    with pytest.raises(OutcomeUnknown):
        meta.create_template(draft())
    assert stub.book.named("visit")


def test_a_change_is_reviewed_anew_and_keeps_name_and_language(stub, meta):
    kept = stub.book.add("visit")

    state = meta.edit_template(draft(provider_id=kept.id, category=""))

    assert (state.status, kept.status, kept.components) == ("pending", "PENDING", [BODY])
    assert stub.broken_rules == []


def test_one_language_is_deleted_by_its_id_and_all_by_the_name(stub, meta):
    first, _ = stub.book.add("visit"), stub.book.add("visit", "de")

    meta.delete_template(first.id, "visit", "en_US")
    assert [one.language for one in stub.book] == ["de"]
    meta.delete_template(first.id, "visit", "en_US")  # gone already
    meta.delete_template("", "visit", "de", all_languages=True)
    assert list(stub.book) == []
