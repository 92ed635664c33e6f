""" "Test connection": what Meta answers, in plain words with the mend."""

import pytest
from pytest_httpserver.httpserver import QueryMatcher

from .conftest import NUMBER_ID, WABA_ID

NUMBER = {
    "id": NUMBER_ID,
    "display_phone_number": "+1 555-010-0200",
    "verified_name": "Northgate Kettles",
    "status": "CONNECTED",
    "health_status": {"can_send_message": "AVAILABLE", "entities": []},
}
APPS = {"data": [{"whatsapp_business_api_data": {"id": "100200300400", "name": "Kettles"}}]}


class Naming(QueryMatcher):
    """Matches a query that has this word in it."""

    def __init__(self, word):
        self.word = word.encode()

    def get_comparing_values(self, query_string):
        return self.word in query_string, True


def error(code, message="x"):
    return {"error": {"code": code, "message": message, "error_data": {"details": "why"}}}


@pytest.fixture
def at_meta(httpserver):
    """Answers each of Meta's addresses; parts can be replaced by other answers."""

    def answer(number=NUMBER, numbers=None, apps=APPS):
        numbers = numbers or {"data": [{"id": NUMBER_ID}]}
        for path, body in (
            (NUMBER_ID, number),
            (f"{WABA_ID}/phone_numbers", numbers),
            (f"{WABA_ID}/subscribed_apps", apps),
        ):
            status = 400 if "error" in body else 200
            httpserver.expect_request(f"/v26.0/{path}").respond_with_json(body, status=status)

    return answer


def lines(meta):
    return {line.name: line for line in meta.check()}


def test_a_sound_account_passes_every_line(meta, at_meta):
    at_meta()
    found = lines(meta)
    assert set(found) == {"Number", "WhatsApp account", "Events", "App secret"}
    assert all(line.ok for line in found.values())
    assert "+1 555-010-0200 Northgate Kettles" in found["Number"].message


def test_an_expired_token_is_named_with_its_mend(meta, at_meta):
    at_meta(number=error(190))
    found = lines(meta)
    assert list(found) == ["Access token"]
    assert found["Access token"].ok is False
    assert "access token" in found["Access token"].action


def test_a_phone_number_in_place_of_its_id_is_explained(meta, at_meta):
    at_meta(number=error(100, "Unsupported get request. Object does not exist"))
    line = lines(meta)["Number"]
    assert line.ok is False
    assert "it is not the phone number" in line.action


def test_a_field_meta_does_not_know_is_left_out(meta, at_meta, httpserver):
    reduced = {"fields": "id,display_phone_number,verified_name"}
    httpserver.expect_request(f"/v26.0/{NUMBER_ID}", query_string=reduced).respond_with_json(
        {"id": NUMBER_ID, "display_phone_number": "+1 555-010-0200"}
    )
    httpserver.expect_request(
        f"/v26.0/{NUMBER_ID}", query_string=Naming("health_status")
    ).respond_with_json(error(100, "(#100) Tried accessing nonexisting field"), status=400)
    at_meta()
    assert lines(meta)["Number"].ok


@pytest.mark.parametrize("state", ("BANNED", "RESTRICTED", "SOMETHING_NEW"))
def test_a_number_in_trouble_says_so(meta, at_meta, state):
    at_meta(number={**NUMBER, "status": state})
    assert lines(meta)["State"].ok is False


def test_metas_own_advice_is_passed_on(meta, at_meta):
    fault = {"error_description": "No payment method.", "possible_solution": "Add one."}
    entity = {"entity_type": "WABA", "can_send_message": "BLOCKED", "errors": [fault]}
    at_meta(number={**NUMBER, "health_status": {"entities": [entity, "odd"]}})
    line = lines(meta)["Health"]
    assert (line.ok, line.action) == (False, "Add one.")
    assert "No payment method." in line.message


def test_a_number_of_another_whatsapp_account_is_found_out(meta, at_meta):
    at_meta(numbers={"data": [{"id": "1"}]})
    assert lines(meta)["WhatsApp account"].ok is False


@pytest.mark.parametrize(
    "apps", ({"data": []}, {"data": [{"whatsapp_business_api_data": {"id": "other"}}]})
)
def test_an_app_that_gets_no_events_is_found_out(meta, at_meta, apps):
    at_meta(apps=apps)
    line = lines(meta)["Events"]
    assert line.ok is False
    assert "subscribed_apps" in line.action


def test_a_secret_of_another_app_is_found_out(meta, at_meta, httpserver):
    httpserver.expect_request(
        f"/v26.0/{NUMBER_ID}", query_string=Naming("appsecret_proof")
    ).respond_with_json(error(100, "Invalid appsecret_proof provided in the API argument"), 400)
    at_meta()
    assert lines(meta)["App secret"].ok is False


def test_a_missing_secret_is_found_out(meta_at, httpserver, at_meta):
    at_meta()
    assert lines(meta_at(httpserver.url_for(""), app_secret=""))["App secret"].ok is False


def test_an_unreachable_meta_proves_nothing_against_the_account(meta_at):
    line = lines(meta_at("http://nowhere.invalid"))["Number"]
    assert line.ok is None
    assert line.action
