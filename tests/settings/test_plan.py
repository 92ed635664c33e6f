"""The plan: what it allows, until when, and for how many."""

from datetime import timedelta

from tests import factories
from webapp.columns import utcnow
from webapp.settings import plan, values
from webapp.unit_of_work import unit_of_work


def hold(kind="both", seats=None, expires_at=None):
    with unit_of_work():
        held = plan.Plan(kind=plan.Kind(kind), seats=seats, expires_at=expires_at)
        values.put("plan", held.stored, by="test")


def test_without_a_plan_everything_is_allowed(cast):
    assert plan.plan() == plan.Plan(kind="both", seats=None, expires_at=None)
    assert plan.allows_outbound()
    assert plan.seats_left() is None


def test_inbound_only_allows_nothing_outbound_and_says_so(app):
    hold("inbound")
    assert not plan.allows_outbound()
    assert plan.why_not() == "Your plan is inbound only."


def test_outbound_ends_with_the_plan_at_that_very_moment(app):
    ends = utcnow() + timedelta(days=3)
    hold(expires_at=ends)
    assert plan.plan().expires_at == ends
    assert plan.allows_outbound(ends - timedelta(seconds=1))
    assert not plan.allows_outbound(ends)
    assert plan.why_not(ends).startswith("Your plan ended on ")


def test_seats_are_taken_by_those_who_may_sign_in(cast):
    hold(seats=6)
    assert plan.seats_left() == 1
    factories.change(cast.otto, active=False)
    assert plan.seats_left() == 2
    hold(seats=3)
    assert plan.seats_left() == 0
