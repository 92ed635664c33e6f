"""To how many people a portfolio writes first in a day: exact, also by senders side by side."""

import math
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import delete

from tests import factories
from tests.campaigns.sent import make_sent
from tests.inbox.templates import make_template
from webapp.accounts.models import Account, AccountHealth
from webapp.campaigns.sending import limits
from webapp.campaigns.sending.limits import DAY
from webapp.campaigns.sending.models import PortfolioCount, PortfolioReach
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox import delivering
from webapp.inbox.models import MessageStatus
from webapp.providers.base import OutcomeUnknown, ProviderError, Sent
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def meta(app):
    return limited(factories.make_meta_account(), "5")


def limited(account, limit):
    factories.save(AccountHealth(account_id=account.id, facts={"messaging_limit": limit}))
    return account


def people(number):
    return [factories.make_contact(f"Person {n}").id for n in range(number)]


def reserve(account, ids, now=None):
    with unit_of_work():
        return limits.reserve(account, ids, now)


def used(account, now=None):
    return limits.standing(account, now=now).used


@pytest.mark.parametrize(
    ("told", "most"),
    [
        ("TIER_50", 50),
        ("TIER_250", 250),
        ("TIER_1K", 1_000),
        ("TIER_2K", 2_000),
        ("TIER_10K", 10_000),
        ("TIER_100K", 100_000),
        ("TIER_UNLIMITED", math.inf),
        ("-1", math.inf),
        ("2000", 2_000),
        ("10,000 people in 24 hours", 10_000),
        ("any number of people in 24 hours", math.inf),
        ("", None),
        ("TIER_NOT_SET", None),
    ],
)
def test_a_limit_is_read_however_it_is_written(app, told, most):
    assert limits.most_people(limited(factories.make_meta_account(), told)) == most


def test_no_more_people_are_reserved_than_the_limit_has_room_for(meta):
    ids = people(8)
    assert reserve(meta, ids) == set(ids[:5])
    assert reserve(meta, ids[5:]) == set()
    assert limits.standing(meta).left == 0


def test_someone_written_to_today_costs_nothing_again(meta):
    ids = people(6)
    reserve(meta, ids[:5])
    assert reserve(meta, [ids[5], ids[2], ids[2]]) == {ids[2]}
    assert used(meta) == 5


def test_someone_in_an_open_window_costs_nothing(meta):
    ids = people(7)
    factories.make_interaction(
        meta, db.session.get(Contact, ids[6]), window_expires_at=utcnow() + timedelta(hours=2)
    )
    assert reserve(meta, ids) == {*ids[:5], ids[6]}
    assert used(meta) == 5


def test_a_day_later_there_is_room_again(meta):
    ids, now = people(8), utcnow()
    reserve(meta, ids[:3], now)
    reserve(meta, ids[3:5], now + timedelta(hours=1))
    assert limits.standing(meta, now=now + timedelta(hours=2)).room_at == now + DAY
    assert reserve(meta, ids, now + DAY - timedelta(seconds=1)) == set(ids[:5])
    assert reserve(meta, ids[5:], now + timedelta(hours=47)) == set()
    assert reserve(meta, ids[5:], now + 2 * DAY) == set(ids[5:])


def test_room_comes_when_the_first_persons_day_is_over(meta):
    ids, now = people(5), utcnow()
    for hour, one in enumerate(ids):
        reserve(meta, [one], now + timedelta(hours=hour))
    assert limits.standing(meta, now=now + timedelta(hours=6)).room_at == now + DAY
    assert limits.standing(meta, now=now + timedelta(hours=25.5)).room_at is None


def test_numbers_of_one_portfolio_share_the_limit(meta):
    other = factories.make_meta_account(phone="15550100999", phone_number_id="2", key="OTHR")
    limited(other, "5")
    ids = people(6)
    reserve(meta, ids[:4])
    assert reserve(other, ids[3:]) == {ids[3], ids[4]}


def test_a_number_that_was_not_checked_yet_has_its_portfolios_limit(meta):
    other = factories.make_meta_account(phone="15550100999", phone_number_id="2", key="OTHR")
    third = factories.make_meta_account(phone="15550100998", phone_number_id="3", key="THRD")
    limited(third, "TIER_UNLIMITED")
    ids = people(8)
    assert len(reserve(other, ids)) == 5
    assert limits.standing(other).most == 5


@pytest.mark.parametrize("told", ["TIER_UNLIMITED", ""], ids=["unlimited", "unknown"])
def test_without_a_known_limit_everybody_may_be_written_to(app, told):
    account, ids = limited(factories.make_meta_account(), told), people(7)
    assert reserve(account, ids) == set(ids)
    assert limits.standing(account).most is None


def test_a_standing_tells_what_other_campaigns_still_plan(meta):
    mine, other = (
        factories.make_campaign(meta, name, state="running") for name in ("Mine", "Other")
    )
    draft = factories.make_campaign(meta, "Draft")
    for n, (campaign, state) in enumerate(
        [(mine, "queued"), (other, "queued"), (other, "retry"), (other, "sent"), (draft, "queued")]
    ):
        make_sent(campaign, f"1555014100{n}", state)
    assert limits.standing(meta).planned == 3
    assert limits.standing(meta, but=mine).planned == 2


# What agents write


@pytest.fixture
def template_message(meta):
    """`template_message(**interaction)`: a template an agent wrote, on its way."""
    template = make_template("hello", [{"type": "BODY", "text": "Hello"}], account=meta)

    def build(**columns):
        talk = factories.make_interaction(meta, factories.make_contact(), **columns)
        return factories.make_message(
            talk, direction="out", kind="template", status=MessageStatus.QUEUED,
            template_id=template.id, content={"name": "hello", "language": "en"},
        )  # fmt: skip

    return build


def answered(message, **answer):
    (call,) = delivering.claim(message.account_id, 1)
    with unit_of_work():
        delivering.record(delivering.Answer(call, **answer))


@pytest.mark.parametrize(
    "answer",
    [{"sent": Sent("wamid.1")}, {"error": OutcomeUnknown("No answer")}],
    ids=["accepted", "unknown"],
)
def test_an_agents_template_counts_too(meta, template_message, answer):
    answered(template_message(window_expires_at=None), **answer)
    assert used(meta) == 1
    assert len(reserve(meta, people(5))) == 4


def test_an_agents_template_in_an_open_window_counts_nothing(meta, template_message):
    answered(template_message(), sent=Sent("wamid.1"))
    assert used(meta) == 0


def test_an_agents_refused_template_counts_nothing(meta, template_message):
    error = ProviderError("Not on WhatsApp", permanent=True)
    answered(template_message(window_expires_at=None), error=error)
    assert used(meta) == 0


# Side by side


def test_senders_side_by_side_reserve_no_one_too_many(app, meta):
    ids, taken, account_id = people(40), [], meta.id

    def claim(share):
        with app.app_context():
            for one in share:
                with unit_of_work():
                    account = db.session.get(Account, account_id)
                    taken.extend(limits.reserve(account, [one]))

    threads = [threading.Thread(target=claim, args=(ids[n::4],)) for n in range(4)]
    db.session.rollback()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 5
    assert used(meta) == 5


def test_the_count_mends_itself_when_people_were_deleted(meta):
    ids, now = people(7), utcnow()
    reserve(meta, ids[:5], now)
    with unit_of_work():
        db.session.execute(delete(Contact).where(Contact.id.in_(ids[:2])))
    assert reserve(meta, ids[5:], now + timedelta(hours=2)) == set(ids[5:])


class Days(RuleBasedStateMachine):
    """Reservations, agents' templates, time and a clock that jumps, against a plain model."""

    def __init__(self):
        super().__init__()
        self.now = datetime(2026, 11, 2, 12, tzinfo=UTC)
        self.reached = {}

    @rule(hours=st.floats(0.01, 30))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @rule(hours=st.floats(0.01, 30))
    def the_clock_is_set_back(self, hours):
        self.now -= timedelta(hours=hours)

    @rule(chosen=st.lists(st.integers(0, 11), min_size=1, max_size=8))
    def a_campaign_reserves(self, chosen):
        ids = [self.ids[n] for n in chosen]
        self._forget()
        room = max(0, 5 - len(self.reached))
        new = [one for one in dict.fromkeys(ids) if one not in self.reached][:room]
        allowed = reserve(self.account, ids, self.now)
        assert allowed == {one for one in ids if one in self.reached} | set(new)
        self.reached.update(dict.fromkeys(allowed, self.now))

    @rule(one=st.integers(0, 11))
    def an_agent_writes(self, one):
        with unit_of_work():
            limits._write(self.account.portfolio, [self.ids[one]], self.now, counted=False)
        self.reached[self.ids[one]] = self.now

    @rule()
    def somebody_looks(self):
        stand = limits.standing(self.account, now=self.now)
        still = [at for at in self.reached.values() if at > self.now - DAY]
        assert stand.used == len(still)
        assert (stand.room_at is None) == (len(still) < 5)

    def _forget(self):
        self.reached = {one: at for one, at in self.reached.items() if at > self.now - DAY}


def test_the_limit_holds_whatever_the_clock_does(meta):
    class Machine(Days):
        account, ids = meta, people(12)

        def __init__(self):
            super().__init__()
            with unit_of_work():
                db.session.execute(delete(PortfolioReach))
                db.session.execute(delete(PortfolioCount))

    case = Machine.TestCase
    case.settings = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    case().runTest()
