"""The calls under way for one account: any thread may take answers, also while it ends."""

from tests.campaigns.sending import make_running
from webapp.campaigns.sending import lanes
from webapp.providers.base import OutcomeUnknown
from webapp.providers.bulk_client import always


class OnlyWhileHeld(set):
    """Refuses to be read by whoever has not kept the other threads away."""

    def __init__(self, calls, lock):
        super().__init__(calls)
        self._lock = lock

    def __iter__(self):
        assert self._lock.locked()
        return super().__iter__()


def test_it_ends_in_doubt_about_what_was_under_way_read_while_no_other_thread_takes_answers(app):
    lane = lanes.Lane(make_running(people=1).account, app, always)
    lane._under_way = OnlyWhileHeld(["a call"], lane._taking)
    [answer] = lane.close()
    assert answer.call == "a call"
    assert isinstance(answer.outcome, OutcomeUnknown)
