"""The table of Meta's codes: complete, in plain words, and of the right kind."""

import pytest

from webapp.providers.meta.errors import fault_of
from webapp.providers.meta.meanings import MEANINGS, Kind, meaning_of

TEMPORARY = (1, 2, 4, 613, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004)
PERMANENT = (
    100, 130472, 131008, 131009, 131021, 131026, 131047, 131049, 131050, 131051, 131053, 131062,
    132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018, 134102, 137000,
)  # fmt: skip
WHOLE_ACCOUNT = (0, 3, 10, 33, 190, 200, 299, 368, 131005, 131031, 131042, 131045, 133010)
DOCUMENTED = (
    *TEMPORARY, *PERMANENT, *WHOLE_ACCOUNT, 130497, 131020, 131030, 131037, 131041, 131052, 131055,
    131059, 131060, 131063, 131064, 131201, 131215, 132008, 132068, 132069, 133000, 133005, 133006,
    133008, 133009, 133015, 133016, 134011, 134100, 134101, 134103, 135000, 138000, 139100, 139103,
    141002, 147001, 147004, 200005, 200007, 2388019, 2494100, 2593107, 2593109,
)  # fmt: skip
UNKNOWN = meaning_of(999999).reason


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_its_own_sentence(code):
    assert meaning_of(code).reason != UNKNOWN


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_every_sentence_reads_as_a_label_and_every_action_as_a_sentence(code):
    meaning = MEANINGS[code]
    assert meaning.reason[0].isupper()
    assert not meaning.reason.endswith(".")
    assert meaning.action.endswith(".")
    assert "!" not in meaning.reason + meaning.action


@pytest.mark.parametrize("code", TEMPORARY)
def test_what_may_be_tried_again(code):
    assert not meaning_of(code).permanent


@pytest.mark.parametrize("code", PERMANENT)
def test_what_is_final_for_the_message(code):
    meaning = meaning_of(code)
    assert meaning.permanent
    assert meaning.kind not in (Kind.ACCOUNT, Kind.TOKEN)


@pytest.mark.parametrize("code", WHOLE_ACCOUNT)
def test_what_stops_the_whole_account(code):
    assert meaning_of(code).kind in (Kind.ACCOUNT, Kind.TOKEN)


def test_not_on_whatsapp_is_said_as_the_design_says_it():
    assert meaning_of(131026).reason == "Not reachable on WhatsApp"


@pytest.mark.parametrize("code", (None, "", "x", [], {}, True, "131026x", float("nan")))
def test_a_code_that_is_none_has_a_sentence_too(code):
    assert meaning_of(code).reason == UNKNOWN


def test_a_code_written_as_text_is_the_same_code():
    assert meaning_of("131026") is MEANINGS[131026]


@pytest.mark.parametrize("error", (None, [], "x", {}, {"code": 131047, "error_data": "text"}))
def test_odd_error_objects_have_a_reason(error):
    assert fault_of(error).reason
