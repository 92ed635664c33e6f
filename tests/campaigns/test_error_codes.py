"""Each documented code of Meta's and Kaleyra's leads where campaigns say it does.

As an answer to a call, and as a receipt of something the provider had accepted. The lists stand by
themselves: a code that is new in a provider's table has to be put into one of them.
"""

from collections import Counter
from types import SimpleNamespace

import orjson
import pytest

from tests.campaigns.sent import balances, make_sent, now_of, told
from tests.factories import make_account, make_campaign, make_meta_account
from tests.support.arriving import arrive
from webapp.accounts.access_points import provider_of
from webapp.campaigns import stop_rules
from webapp.campaigns.ledger import COLUMNS, Entry
from webapp.campaigns.sending import outcomes
from webapp.columns import utcnow
from webapp.providers.base import OutcomeUnknown, ProviderError
from webapp.providers.http import Answer
from webapp.providers.kaleyra.meanings import CODES
from webapp.providers.meta.meanings import MEANINGS

# Final for this message or person; nobody else would meet it.
ALONE = {
    100, 130472, 130497, 131008, 131009, 131020, 131021, 131026, 131030, 131041, 131047, 131049,
    131050, 131051, 131052, 131053, 131055, 131060, 131062, 132000, 132005, 132008, 132012,
    132018, 133005, 133006, 134100, 137000,
}  # fmt: skip
# The same template's other messages would meet it too.
OF_TEMPLATE = {
    132001, 132007, 132015, 132016, 132068, 134102, 134103, 141002, 2388019, 2388023, 2388024,
    2388025, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299, 2593002,
}  # fmt: skip
# Nothing goes from this account until somebody mends it.
OF_ACCOUNT = {
    33, 368, 131031, 131037, 131042, 131045, 131063, 131064, 133000, 133010, 134011,
}  # fmt: skip
CREDENTIALS = {0, 3, 10, 190, 131005}
# Refused for now: tried again by itself.
FOR_NOW = {
    1, 2, 4, 613, 80007, 130429, 131000, 131016, 131056, 131057, 131059, 132069, 133004, 133008,
    133009, 133015, 133016, 134101, 135000,
}  # fmt: skip
FOR_A_LONG_TIME = {2494100}  # so long that the campaign pauses, and goes on by itself
REPORTED = {131048}  # people complained: a person has to look before it goes on

KALEYRA_ALONE = {"WA400"}
KALEYRA_CREDENTIALS = {"RBC001", "WA401"}
KALEYRA_FOR_NOW = {"WA500"}
KALEYRA_FOR_A_LONG_TIME = {"E110", "WAV2101"}


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def kaleyra(queue):
    credentials = {"api_key": "key", "sid": "SID", "api_url": "https://api.kaleyra.example"}
    return make_account(queue, provider="kaleyra", credentials=credentials)


def after(account, answer):
    """(the recipient's state, the campaign's pause or None, whether it goes on by itself, whether
    the account stops) after this answer to its first call."""
    columns = dict.fromkeys(COLUMNS) | {"id": 1, "state": "sending", "tries": 1}
    entry = Entry(tuple(columns.values()))
    feed = SimpleNamespace(id=1, account_id=1, provider="It", most_tries=4)
    call = SimpleNamespace(recipient_id=1, number=1, feed=feed)
    outcome = outcome_of(account, answer)
    said = outcomes.Answer(call, outcome, utcnow())
    outcomes.settle(entry, said)
    found = outcomes.consequence(said) if isinstance(outcome, ProviderError) else None
    return (
        entry.state,
        found and str(found.cause),
        bool(found and found.resume_at),
        bool(getattr(outcome, "auth", False)),
    )


def outcome_of(account, answer):
    try:
        return provider_of(account).outcome_of(answer)
    except (ProviderError, OutcomeUnknown) as error:
        return error


def by_meta(code, status=400):
    """Of templates the subcode tells, and the code is a bare 100."""
    error = {"message": "no", "code": code}
    if code in OF_TEMPLATE and code > 1_000_000:
        error = {"message": "no", "code": 100, "error_subcode": code}
    return Answer(status, {}, orjson.dumps({"error": error}))


def by_kaleyra(code, status=400):
    return Answer(status, {}, orjson.dumps({"code": code, "message": "no"}))


def test_every_code_of_either_table_has_its_place_here():
    placed = [ALONE, OF_TEMPLATE, OF_ACCOUNT, CREDENTIALS, FOR_NOW, FOR_A_LONG_TIME, REPORTED]
    assert Counter(code for some in placed for code in some) == Counter(MEANINGS.keys())
    placed = [KALEYRA_ALONE, KALEYRA_CREDENTIALS, KALEYRA_FOR_NOW, KALEYRA_FOR_A_LONG_TIME]
    assert Counter(code for some in placed for code in some) == Counter(CODES.keys())


@pytest.mark.parametrize(
    "codes, leads_to",
    [
        (ALONE, ("failed", None, False, False)),
        (OF_TEMPLATE, ("failed", "template", False, False)),
        (OF_ACCOUNT, ("queued", "account", False, False)),
        (CREDENTIALS, ("queued", "account", False, True)),
        (FOR_NOW - {133016, 132069, 134101}, ("retry", None, False, False)),
        (FOR_A_LONG_TIME, ("retry", "account", True, False)),
        (REPORTED, ("retry", "account", False, False)),
    ],
)
def test_as_meta_s_answer_to_a_call(meta, codes, leads_to):
    found = {code: after(meta, by_meta(code)) for code in sorted(codes)}
    assert found == dict.fromkeys(sorted(codes), leads_to)


@pytest.mark.parametrize("code", [132069, 133016, 134101])
def test_a_long_wait_of_one_message_holds_up_nobody_else(meta, code):
    assert after(meta, by_meta(code)) == ("retry", None, False, False)


@pytest.mark.parametrize(
    "codes, leads_to",
    [
        (KALEYRA_ALONE, ("failed", None, False, False)),
        (KALEYRA_CREDENTIALS, ("queued", "account", False, True)),
        (KALEYRA_FOR_NOW, ("retry", None, False, False)),
        (KALEYRA_FOR_A_LONG_TIME, ("retry", "account", True, False)),
    ],
)
def test_as_kaleyra_s_answer_to_a_call(kaleyra, codes, leads_to):
    found = {code: after(kaleyra, by_kaleyra(code)) for code in sorted(codes)}
    assert found == dict.fromkeys(sorted(codes), leads_to)


@pytest.mark.parametrize("code", ["131026", "131056", "132015", "131031"])
def test_meta_s_codes_mean_the_same_through_kaleyra(meta, kaleyra, code):
    assert after(kaleyra, by_kaleyra(code)) == after(meta, by_meta(int(code)))


@pytest.mark.parametrize(
    "status, state", [(429, "retry"), (502, "unknown"), (503, "unknown"), (408, "unknown")]
)
def test_an_answer_without_the_provider_s_own_words(meta, kaleyra, status, state):
    bare = Answer(status, {}, b"<html>Bad gateway</html>")
    assert [after(account, bare)[:2] for account in (meta, kaleyra)] == [(state, None)] * 2


def test_as_a_receipt_each_code_fails_its_recipient_and_says_why(meta):
    campaign = make_campaign(meta)
    rows = {code: make_sent(campaign, provider_id=f"wamid.{code}") for code in MEANINGS}
    arrive(
        meta,
        *(told(campaign, row, "failed", id=row.provider_id, code=code)
          for code, row in rows.items()),
    )  # fmt: skip
    for code, row in rows.items():
        failed = now_of(row)
        assert (failed.state, failed.reason) == ("failed", str(code))
        assert failed.detail == MEANINGS[code].reason
    assert balances(campaign)


@pytest.mark.parametrize(
    "codes, cause",
    [
        (ALONE | FOR_NOW | FOR_A_LONG_TIME, None),
        (OF_TEMPLATE, "template"),
        (OF_ACCOUNT | CREDENTIALS | REPORTED, "account"),
    ],
)
def test_a_receipt_of_what_all_would_meet_pauses_the_campaign(meta, codes, cause):
    campaign = make_campaign(meta)

    def of(code):
        broken = stop_rules.broken(campaign, Counter({f"why:failed:{code}": 1}))
        return broken and str(broken.cause)

    assert {code: of(code) for code in codes} == dict.fromkeys(codes, cause)
