"""How fast campaigns go: buckets on a real Redis, at times the test tells."""

import threading
import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests import factories
from tests.campaigns.sending import make_sendable
from tests.campaigns.sent import make_sent
from tests.support.ports import free_port
from webapp.accounts.models import AccountHealth
from webapp.campaigns.sending import pacing
from webapp.campaigns.sending.pacing import Grant, Pace
from webapp.campaigns.settings.rules import Rules, change
from webapp.columns import utcnow
from webapp.extensions import redis_clients
from webapp.providers.base import ProviderError
from webapp.unit_of_work import unit_of_work

FAST = Pace({"account:1": 80.0})
SLOW = Pace({"account:1": 80.0, "campaign:1": 0.5})
TOO_MANY = ProviderError("Too many", permanent=False, code="130429", account_wide=True)


def asked_for(pace, seconds, begins=1000.0, late=0.0, most=400):
    """[(when, how many)] that a sender got which asks again as soon as it was told to."""
    now, got = begins, []
    while now < begins + seconds:
        grant = pacing.take(pace, most, now)
        if grant.tokens:
            got.append((now, grant.tokens))
        else:
            now += grant.wait + late
    return got


def many(got):
    return sum(tokens for _, tokens in got)


@pytest.fixture
def meta(app):
    return factories.make_meta_account()


def found(account, **facts):
    return factories.save(AccountHealth(account_id=account.id, facts=facts))


# The bucket


def test_a_bucket_that_redis_forgot_starts_empty(app):
    asked_for(FAST, 10)
    redis_clients.patient.flushdb()
    grant = pacing.take(FAST, 400, now=1010.0)
    assert grant.tokens == 0
    assert grant.wait == pytest.approx(0.25)


def test_a_minute_brings_the_minutes_messages(app):
    assert many(asked_for(FAST, 60, late=0.02)) == pytest.approx(4800, rel=0.01)


def test_what_is_given_at_a_time_is_a_quarter_of_a_seconds_worth(app):
    assert {tokens for _, tokens in asked_for(FAST, 10)} == {20}


def test_a_sender_with_few_places_gets_no_more_than_it_can_take(app):
    assert {tokens for _, tokens in asked_for(FAST, 2, most=3)} == {3}


def test_after_a_pause_no_more_than_half_a_second_comes_at_once(app):
    asked_for(FAST, 1)
    got = [pacing.take(FAST, 400, now=9000.0).tokens for _ in range(5)]
    assert got == [20, 20, 0, 0, 0]


def test_a_slow_pace_is_even(app):
    times = [at for at, _ in asked_for(SLOW, 120, late=0.05)]
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    assert len(times) == pytest.approx(60, abs=2)
    assert min(gaps) > 1.7
    assert max(gaps) < 2.3


def test_campaigns_share_their_accounts_pace(app):
    paces = [Pace({"account:1": 80.0, f"campaign:{n}": 60.0}) for n in (1, 2)]
    now, got = 1000.0, 0
    for _ in range(1200):
        got += sum(pacing.take(pace, 400, now).tokens for pace in paces)
        now += 0.05
    assert got == pytest.approx(60 * 80, rel=0.01)


def test_the_pace_of_another_account_is_its_own(app):
    asked_for(FAST, 10)
    assert many(asked_for(Pace({"account:2": 80.0}), 10)) == pytest.approx(800, rel=0.05)


def test_processes_that_ask_at_once_get_no_more_than_one_would(app):
    pace, given, until = Pace({"account:1": 200.0}), [], time.monotonic() + 1

    def ask():
        while time.monotonic() < until:
            grant = pacing.take(pace, 10)
            given.append(grant.tokens)
            time.sleep(min(grant.wait, 0.02))

    began = time.monotonic()
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < sum(given) <= 200 * (time.monotonic() - began) + 1


def test_while_redis_is_away_nothing_is_given(app, monkeypatch):
    nowhere = Redis(port=free_port(), retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(redis_clients, "_hasty", nowhere)
    assert pacing.take(FAST, 10) == Grant(0, pacing.AWAY)
    assert pacing.heed(1, TOO_MANY) == 1


# A provider's hints


def test_a_hint_halves_the_pace_and_it_comes_back_by_steps(app):
    asked_for(FAST, 5)
    assert pacing.heed(1, TOO_MANY, now=1005.0) == 1
    got = [many(asked_for(FAST, 9, begins=1006.0 + 10 * n)) / 9 for n in range(7)]
    assert got[0] == pytest.approx(40, rel=0.1)
    assert got == sorted(got)
    assert got[-1] == pytest.approx(80, rel=0.1)


def test_a_hint_with_a_time_stops_all_who_share_the_account(app):
    asked_for(FAST, 5)
    hint = ProviderError("Too many", permanent=False, retry_after=30, account_wide=True)
    assert pacing.heed(1, hint, now=1005.0) == 30
    other = Pace({"account:1": 80.0, "campaign:7": 10.0})
    assert pacing.take(other, 10, now=1010.0) == Grant(0, pytest.approx(25))
    assert asked_for(FAST, 25.5, begins=1010.0)[0][0] >= 1035


def test_hints_of_calls_under_way_at_once_count_as_one(app):
    asked_for(FAST, 5)
    for n in range(20):
        pacing.heed(1, TOO_MANY, now=1005.0 + n / 100)
    assert pacing.slowed(1, now=1006.0) == 0.5
    pacing.heed(1, TOO_MANY, now=1008.0)
    assert pacing.slowed(1, now=1008.0) == 0.25


@pytest.mark.parametrize(
    "error",
    [
        ProviderError("Not on WhatsApp", permanent=True, code="131026"),
        ProviderError("Token expired", permanent=True, code="190", account_wide=True, auth=True),
    ],
    ids=["about one message", "about the token"],
)
def test_other_refusals_slow_nothing_down(app, error):
    assert pacing.heed(1, error) is None
    assert pacing.slowed(1) == 1


# What the rates are


@pytest.mark.parametrize(
    ("level", "rate"),
    [("80 messages a second", 72), ("1,000 messages a second", 900), ("HIGH", 900), (None, 72)],
)
def test_campaigns_leave_headroom_below_metas_throughput(meta, level, rate):
    found(meta, throughput=level)
    assert pacing.account_rate(meta) == rate


def test_kaleyra_carries_what_an_admin_says(app, admin):
    account = factories.make_account(provider="kaleyra")
    assert pacing.account_rate(account) == 18
    with unit_of_work():
        change(Rules(kaleyra_pace=100, headroom_percent=25), admin)
    assert pacing.account_rate(account) == 75


def test_a_campaigns_own_pace_stands_beside_its_accounts(meta):
    campaign = factories.make_campaign(meta, pace=30)
    assert pacing.pace_of(campaign).rates == {
        f"account:{meta.id}": 72,
        f"campaign:{campaign.id}": 0.5,
    }
    assert pacing.pace_of(factories.make_campaign(meta)).rates == {f"account:{meta.id}": 72}


def test_a_spread_campaign_reaches_everybody_in_its_hours(meta):
    campaign = make_sendable(meta, spread_hours=2)
    for n in range(4):
        make_sent(campaign, f"1555014000{n}")
    make_sent(campaign, "15550140009", state="skipped")
    assert pacing.pace_of(campaign).per_second == 4 / 7200


def test_a_campaign_slowed_down_goes_no_faster_until_then(meta):
    now = utcnow()
    campaign = make_sendable(meta, pace=600, slowed_to=60, slowed_until=now + timedelta(minutes=1))
    assert pacing.pace_of(campaign, now).per_second == 1
    assert pacing.pace_of(campaign, now + timedelta(minutes=2)).per_second == 10


def test_a_campaign_slowed_to_nothing_waits(meta):
    campaign = make_sendable(meta, slowed_to=0)
    assert pacing.take(pacing.pace_of(campaign), 10) == Grant(0, pacing.AWAY)


class Clocks(RuleBasedStateMachine):
    """Senders ask, providers complain, Redis forgets, its clock jumps: the pace holds."""

    def __init__(self):
        super().__init__()
        redis_clients.patient.flushdb()
        self.now = 1_800_000_000.0
        self.passed = 0.0  # of true time; what a jump adds is not
        self.leaps = self.given = 0
        self.wait = None
        self.pace = Pace({"account:1": 20.0})

    @rule(seconds=st.floats(0.001, 30))
    def time_passes(self, seconds):
        self.now += seconds
        self.passed += seconds

    @rule(seconds=st.floats(1, 100_000))
    def the_clock_leaps_forward(self, seconds):
        self.now += seconds
        self.leaps += 1

    @rule(seconds=st.floats(1, 100_000))
    def the_clock_is_set_back(self, seconds):
        self.now -= seconds

    @rule(most=st.integers(1, 400))
    def a_sender_asks(self, most):
        grant = pacing.take(self.pace, most, self.now)
        assert (grant.tokens == 0) == (grant.wait > 0)
        assert grant.tokens <= max(1, 20.0 * 0.25)
        self.given += grant.tokens
        self.wait = grant.wait

    @precondition(lambda self: self.wait)
    @rule()
    def after_the_wait_it_gets_some(self):
        grant = pacing.take(self.pace, 1, self.now)
        for _ in range(3):  # a clock set back is noticed when it is asked
            if grant.tokens:
                break
            assert grant.wait <= 120
            self.time_passes(grant.wait + 0.001)
            grant = pacing.take(self.pace, 1, self.now)
        assert grant.tokens == 1
        self.given += 1
        self.wait = None

    @rule(after=st.sampled_from([None, 5, 90]))
    def the_provider_complains(self, after):
        hint = ProviderError("Slow", permanent=False, retry_after=after, account_wide=True)
        pacing.heed(1, hint, self.now)
        assert 0.05 <= pacing.slowed(1, self.now) <= 1

    @rule()
    def redis_forgets(self):
        redis_clients.patient.flushdb()

    @invariant()
    def never_faster_than_the_pace(self):
        saved = 20.0 * 0.5
        assert self.given <= 20.0 * self.passed + saved * (1 + self.leaps) + 1e-6


def test_the_pace_holds_whatever_the_clock_does(app):
    class Machine(Clocks):
        pass

    case = Machine.TestCase
    case.settings = settings(
        max_examples=30,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    case().runTest()
