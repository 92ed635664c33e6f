""" "Test connection": what Meta answers, in plain words with the mend."""

import time
from datetime import datetime

import pytest
from pytest_httpserver.httpserver import QueryMatcher

from webapp.providers import provider_for
from webapp.providers.meta.condition import limit_in_words

from .conftest import META_CREDENTIALS, NUMBER_ID, WABA_ID, FakeAccount

NUMBER = {
    "id": NUMBER_ID,
    "display_phone_number": "+1 555-010-0200",
    "verified_name": "Northgate Kettles",
    "status": "CONNECTED",
    "quality_rating": "GREEN",
    "throughput": {"level": "STANDARD"},
    "whatsapp_business_manager_messaging_limit": "TIER_10K",
    "health_status": {"can_send_message": "AVAILABLE", "entities": []},
}
TOKEN = {
    "app_id": "100200300400",
    "is_valid": True,
    "expires_at": 0,
    "scopes": ["whatsapp_business_messaging", "whatsapp_business_management"],
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

    def answer(number=NUMBER, numbers=None, apps=APPS, token=TOKEN):
        numbers = numbers or {"data": [{"id": NUMBER_ID}]}
        for path, body in (
            (NUMBER_ID, number),
            (f"{WABA_ID}/phone_numbers", numbers),
            (f"{WABA_ID}/subscribed_apps", apps),
            ("debug_token", {"data": token} if "is_valid" in token else token),
        ):
            status = 400 if "error" in body else 200
            httpserver.expect_request(f"/v26.0/{path}").respond_with_json(body, status=status)

    return answer


def lines(meta):
    return {line.name: line for line in meta.check()}


def test_a_sound_account_passes_every_line(meta, at_meta):
    at_meta()
    found = lines(meta)
    assert set(found) == {
        "Number", "Quality", "Limits", "Access token", "WhatsApp account", "Events", "App secret",
    }  # fmt: skip
    assert all(line.ok for line in found.values())
    assert "+1 555-010-0200 Northgate Kettles" in found["Number"].message


def test_an_expired_token_is_named_with_its_mend(meta, at_meta):
    at_meta(number=error(190))
    found = lines(meta)
    assert list(found) == ["Access token"]
    assert found["Access token"].ok is False
    assert "access token" in found["Access token"].action
    assert found["Access token"].auth


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


def facts(meta):
    return {name: value for line in meta.check() for name, value in line.facts.items()}


def test_quality_limit_and_throughput_are_kept_as_facts(meta, at_meta):
    at_meta()
    assert facts(meta) == {
        "quality": "Green",
        "messaging_limit": "10,000 people in 24 hours",
        "throughput": "80 messages a second",
    }


@pytest.mark.parametrize(
    ("tier", "words"),
    (
        ("TIER_250", "250 people in 24 hours"),
        ("TIER_100K", "100,000 people in 24 hours"),
        (2000, "2,000 people in 24 hours"),
        ("UNLIMITED", "any number of people in 24 hours"),
        (-1, "any number of people in 24 hours"),
        ("TIER_SOME", ""),
        (None, ""),
    ),
)
def test_a_limit_is_read_in_all_its_spellings(tier, words):
    assert limit_in_words(tier) == words


def test_red_quality_is_a_fault_with_its_mend(meta, at_meta):
    at_meta(number={**NUMBER, "quality_rating": "RED"})
    line = lines(meta)["Quality"]
    assert (line.ok, line.facts["quality"]) == (False, "Red")
    assert line.action


def test_a_number_meta_has_not_rated_is_no_fault(meta, at_meta):
    at_meta(number={**NUMBER, "quality_rating": "NA"})
    assert lines(meta)["Quality"].ok


@pytest.mark.parametrize(("days", "ok"), ((60, True), (10, True), (2, False)))
def test_a_token_says_when_it_ends_and_alarms_near_the_end(meta, at_meta, days, ok):
    ends = int(time.time()) + days * 86_400 + 3600
    at_meta(token={**TOKEN, "expires_at": ends})
    line = lines(meta)["Access token"]
    assert line.ok is ok
    assert datetime.fromisoformat(line.facts["token_expires_at"]).timestamp() == ends


def test_a_token_meta_calls_invalid_stops_sending(meta, at_meta):
    at_meta(token={"is_valid": False, "error": {"code": 190, "message": "Session has expired"}})
    line = lines(meta)["Access token"]
    assert (line.ok, line.auth) == (False, True)
    assert "Session has expired" in line.message


def test_a_token_without_the_permission_to_send_is_found_out(meta, at_meta):
    at_meta(token={**TOKEN, "scopes": ["whatsapp_business_management"]})
    line = lines(meta)["Access token"]
    assert line.ok is False
    assert "whatsapp_business_messaging" in line.message


def test_the_token_is_asked_about_with_the_apps_own_word(meta, at_meta, httpserver):
    at_meta()
    meta.check()
    (asked,) = [request for request, _ in httpserver.log if request.path.endswith("debug_token")]
    secret = "0123456789abcdef0123456789abcdef"
    assert asked.headers["Authorization"] == f"Bearer 100200300400|{secret}"
    assert asked.args.to_dict() == {"input_token": "EAAtoken"}


def test_a_token_that_cannot_be_asked_about_is_left_open(meta, at_meta):
    at_meta(token=error(190, "Invalid OAuth access token signature"))
    line = lines(meta)["Access token"]
    assert line.ok is None
    assert "app secret" in line.action


def test_without_an_app_id_the_token_asks_about_itself(meta_at, at_meta, httpserver):
    at_meta()
    assert lines(meta_at(httpserver.url_for(""), app_id=""))["Access token"].ok


def test_a_token_that_may_not_ask_about_itself_says_nothing(meta_at, at_meta, httpserver):
    at_meta(token=error(100))
    assert "Access token" not in lines(meta_at(httpserver.url_for(""), app_id=""))


@pytest.mark.parametrize(
    ("places", "ok"),
    (
        ({"application": "https://chat.example/webhooks/meta/other"}, True),
        ({"application": "https://old.example/hook"}, False),
        ({"phone_number": "https://old.example/x", "application": "https://chat.example/y"}, False),
    ),
)
def test_events_that_go_to_another_server_are_found_out(at_meta, httpserver, places, ok):
    at_meta(number={**NUMBER, "webhook_configuration": places})
    settings = {
        "META_API_URL": httpserver.url_for(""),
        "WEBHOOK_URL": "https://chat.example/webhooks/meta/token",
    }
    line = lines(provider_for(FakeAccount("meta", META_CREDENTIALS), settings))["Webhook"]
    assert line.ok is ok
