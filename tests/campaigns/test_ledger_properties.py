"""Whatever happens in whatever order, the ledger balances and nobody gets it twice.

Senders, receipts, customers, people and clock act on a real database; what each may do to a
recipient's state is written down here, and everything else is a fault.
"""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select

from tests.campaigns.sending import add_recipient, make_running
from tests.support.emptying import empty_while_others_read
from webapp.campaigns import clearing, due, ledger, running
from webapp.campaigns.models import (
    Campaign,
    CampaignAttempt,
    CampaignCount,
    CampaignMinute,
    CampaignState,
    CampaignVariant,
    PauseCause,
    Recipient,
)
from webapp.campaigns.results import mending, receipts, timeouts
from webapp.campaigns.results.replies import Answers
from webapp.campaigns.sending import claiming, looking, recording
from webapp.campaigns.sending.feeding import Feed
from webapp.campaigns.sending.outcomes import Answer, NotBegun
from webapp.columns import utcnow
from webapp.database import insert
from webapp.extensions import db
from webapp.inbox import receipts as inbox_receipts
from webapp.providers.base import (
    AccountRef,
    OutcomeUnknown,
    ProviderError,
    ProviderFault,
    Sent,
    StatusUpdate,
)
from webapp.providers.base import Receipt as Status
from webapp.unit_of_work import unit_of_work

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
KEPT = [
    one.__table__
    for one in (
        Campaign,
        CampaignVariant,
        Recipient,
        CampaignAttempt,
        CampaignCount,
        CampaignMinute,
    )
]
HELD_BACK = "131049"  # final for now: a person may try again later
OUTCOMES = {
    "sent": lambda id: Sent(id),
    "unknown": lambda _: OutcomeUnknown("No answer in time"),
    "busy": lambda _: ProviderError("Not now", permanent=False, code="131000"),
    "refused": lambda _: ProviderError("Held back", permanent=True, code=HELD_BACK),
    "not_begun": lambda _: NotBegun,
}
REACHED = ("sent", "delivered", "read")
FINAL = ("failed", "replied", "no_response")
# Who may move a recipient from where to where.
MAY = {
    "claim": {("queued", "sending"), ("retry", "sending"), ("queued", "retry")},
    "record": {
        (before, after)
        for before in ("sending", "unknown")
        for after in ("sent", "failed", "retry", "queued", "unknown")
    },
    "receipt": {
        *((before, after) for before in ("sending", "unknown") for after in (*REACHED, "failed")),
        *((before, after) for before in ("retry", "queued", "failed", "cancelled")
          for after in ("delivered", "read")),
        ("sent", "delivered"), ("sent", "read"), ("delivered", "read"), ("sent", "failed"),
    },
    "reply": {(before, "replied") for before in (*REACHED, "no_response")},
    "time": {("sending", "unknown"), *((before, "no_response") for before in REACHED)},
    "clear": {("queued", "cancelled"), ("retry", "cancelled")},
    "retry": {("failed", "queued")},
    "settle": {("unknown", "sent"), ("unknown", "failed")},
    "nothing": set(),
}  # fmt: skip


class Sending(RuleBasedStateMachine):
    """`calls`: {(recipient id, number): (call, what became of it)}, as only the provider knows."""

    @initialize()
    def begin(self):
        self.clock = time_machine.travel(START, tick=True)
        self.now = self.clock.start()
        campaign = make_running(people=4, response_minutes=60)
        self.id = campaign.id
        self.account = SimpleNamespace(id=campaign.account_id, portfolio="")
        self.calls, self.flying, self.backup = {}, [], None
        self.states = self._states()

    def teardown(self):
        db.session.rollback()
        empty_while_others_read(db)
        self.clock.stop()

    @rule()
    def load(self):
        add_recipient(self._campaign())
        self.states = self._states()

    @rule(most=st.integers(1, 4))
    def claim(self, most):
        look = looking.look().get(self.id)
        if self._campaign().state != CampaignState.RUNNING:
            assert look is None
            return
        calls, _ = claiming.claim(Feed(self._campaign()), most)
        for call in calls:
            self._check_may_be_called(call)
            self.calls[call.recipient_id, call.number] = (call, "flying")
            self.flying.append(call)
        self._moved("claim")

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), outcome=st.sampled_from(sorted(OUTCOMES)), twice=st.booleans())
    def record(self, data, outcome, twice):
        call = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        answer = Answer(call, OUTCOMES[outcome](_wamid(call)), utcnow())
        for _ in range(2 if twice else 1):
            recording.record([answer])
        self.calls[call.recipient_id, call.number] = (call, outcome)
        if outcome == "not_begun":
            del self.calls[call.recipient_id, call.number]
        self._moved("record")

    @precondition(lambda self: self.flying)
    @rule()
    def crash(self):
        """A sender dies: nobody will ever record these."""
        self.flying = []
        self._moved("nothing")

    @precondition(lambda self: self._may_have_arrived())
    @rule(
        data=st.data(),
        statuses=st.lists(st.sampled_from(["sent", "delivered", "read", "failed"]), min_size=1),
        named=st.booleans(),
    )
    def receipts(self, data, statuses, named):
        """Some of one call, in any order and any number of times."""
        call, _ = data.draw(st.sampled_from(self._may_have_arrived()))
        for status in statuses[:5]:
            self._arrive(call, status, named)
            if status == "failed":
                self.calls[call.recipient_id, call.number] = (call, "failed")
            self._moved("receipt")

    @precondition(lambda self: any(state in REACHED for state in self.states.values()))
    @rule(data=st.data())
    def reply(self, data):
        ids = [id for id, state in self.states.items() if state in REACHED]
        row = db.session.get(Recipient, data.draw(st.sampled_from(ids)))
        contact_id, now = row.contact_id, utcnow().replace(microsecond=0)
        with unit_of_work():
            answers = Answers({self.account.id}, {contact_id}, utcnow())
            contact = SimpleNamespace(id=contact_id)
            sent = answers.to(self.account, contact, None, max(now, row.sent_at))
            if sent is not None:
                talk = SimpleNamespace(
                    id=1, account_id=self.account.id, contact_id=contact_id, campaign_id=None,
                    variables=None,
                )  # fmt: skip
                sent.entry.message_id = 1  # its bubble is another test's
                answers.take(sent, talk, SimpleNamespace(written_at=now, kind="text"))
            answers.save()
        self._moved("reply")

    @rule(minutes=st.sampled_from([1, 3, 70, 1500]))
    def time_passes(self, minutes):
        self.now.shift(timedelta(minutes=minutes))
        with unit_of_work():
            due.expire_stale_calls()
        with unit_of_work():
            timeouts.sweep(self.id)
        self._moved("time")

    @rule(verb=st.sampled_from(["pause", "resume", "resume", "resume", "stop"]))
    def person(self, verb):
        try:
            with unit_of_work():
                getattr(running, verb)(self._campaign(), "Sara")
        except ValueError:
            pass  # it does not stand so that this can be done
        clearing.clear(self.id)
        self._moved("clear")

    @rule()
    def retry(self):
        try:
            with unit_of_work():
                ids = [id for id, state in self.states.items() if state == "failed"]
                mending.retry_failed(self._campaign(), "Sara", ids)
        except ValueError:
            pass
        self._moved("retry")

    @precondition(lambda self: "unknown" in self.states.values())
    @rule(as_sent=st.booleans())
    def settle(self, as_sent):
        ids = [id for id, state in self.states.items() if state == "unknown"]
        with unit_of_work():
            mending.settle(self._campaign(), ids, as_sent, "Sara")
        for key, (call, _) in list(self.calls.items()):
            if key[0] in ids:
                self.calls[key] = (call, "sent" if as_sent else "by_hand")
        self._moved("settle")

    @rule()
    def back_up(self):
        self.backup = [(table, _rows(table)) for table in KEPT]

    @precondition(lambda self: self.backup)
    @rule()
    def restore(self):
        """What was sent since is forgotten; nothing goes out before a person has looked."""
        with unit_of_work():
            for table, _ in reversed(self.backup):
                db.session.execute(delete(table))
            for table, rows in self.backup:
                if rows:
                    db.session.execute(insert(table), rows)
        with unit_of_work():
            running.halt(self._campaign(), "clock", PauseCause.RESTORED, "A backup")
        self.flying, self.backup = [], None
        known = {(row["recipient_id"], row["number"]) for row in _rows(CampaignAttempt.__table__)}
        self.calls = {key: one for key, one in self.calls.items() if key in known}
        self.states = self._states()

    @invariant()
    def balances(self):
        counted = +ledger.counts_of(self.id, by_variant=True)
        assert ledger.recount(self.id) == counted
        people = db.session.scalar(select(func.count()).where(Recipient.campaign_id == self.id))
        states = sum(many for (_, name), many in counted.items() if ":" not in name)
        assert states == people
        db.session.rollback()

    @invariant()
    def names_the_latest_attempt(self):
        rows = select(Recipient.id, Recipient.tries, Recipient.provider_id).where(
            Recipient.campaign_id == self.id, Recipient.state == "sent"
        )
        for row in db.session.execute(rows):
            assert row.provider_id in (None, f"wamid.{row.id}.{row.tries}")
        db.session.rollback()

    def _check_may_be_called(self, call):
        """Each call before this one never arrived, provably or by a person's word."""
        for (id, number), (_, became) in self.calls.items():
            if id == call.recipient_id:
                assert number < call.number
                assert became in ("busy", "refused", "failed", "by_hand"), (number, became)

    def _may_have_arrived(self):
        """What a provider may speak of: nothing it refused."""
        return [one for one in self.calls.values() if one[1] not in ("busy", "refused")]

    def _arrive(self, call, status, named):
        event = StatusUpdate(
            AccountRef(), _wamid(call), call.command.to.phone, Status(status), utcnow(), {},
            correlation_id=call.correlation_id if named else None,
            error=ProviderFault(HELD_BACK, reason="Held back") if status == "failed" else None,
        )  # fmt: skip
        with unit_of_work():
            others = receipts.apply(self.account, [(event, None, utcnow())])
            unmatched = inbox_receipts.apply(self.account, others)
        with unit_of_work():
            receipts.settle_receipts(unmatched)

    def _moved(self, by):
        after = self._states()
        for id, state in after.items():
            if state != self.states[id]:
                assert (self.states[id], state) in MAY[by], (by, self.states[id], state)
        self.states = after

    def _states(self):
        db.session.rollback()
        rows = select(Recipient.id, Recipient.state).where(Recipient.campaign_id == self.id)
        return {id: str(state) for id, state in db.session.execute(rows)}

    def _campaign(self):
        return db.session.get(Campaign, self.id, populate_existing=True)


def _wamid(call):
    return f"wamid.{call.recipient_id}.{call.number}"


def _rows(table):
    return [dict(row) for row in db.session.execute(select(table)).mappings()]


@pytest.fixture
def many(database):
    """SQLite is asked more: a step there costs less."""
    examples, steps = (4, 25) if database.startswith("postgresql") else (10, 40)
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_the_ledger_keeps_its_word_whatever_happens(app, many):
    run_state_machine_as_test(Sending, settings=many)
